"""Sync as decisions: state and event in, messages and waits out; random draws are arguments.

Journal sync v1: the till sends what is above the acked position, HQ answers with a signed position.
No reply ever means "discard", and nobody's clock decides anything.

At the till: `upward` (what to send and when, one state per journal; `steps` are its events and
effects, `waits` its jitter). At HQ: `intake` (what to make of a batch), `epochs` (when HQ has lost
time). At both: `wire` (shapes), `coding` (a batch as bytes), `signed` and `acks` and `credentials`
(what is signed, over which bytes), `cursors` (where a till stands in a feed), `faults`.
"""

from __future__ import annotations
