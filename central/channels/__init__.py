"""The registry of channels and touch points, and the intake of events from web stores.

A channel sends its events as a list; each gets its own outcome. What was accepted is in the
customer's history when the answer leaves; what could not be used is kept with its reason, and
sending it again tries again.
"""

from __future__ import annotations
