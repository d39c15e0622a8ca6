"""Sync as decisions: state and event in, messages and waits out; random draws are arguments.

Journal sync v1: the till sends what is above the acked position, HQ answers with a signed position.
"""

from __future__ import annotations
