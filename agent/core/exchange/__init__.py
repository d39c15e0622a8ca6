"""Sync as decisions: state and event in, messages and waits out; random draws are arguments.

Journal sync v1: the till sends what is above the acked position, HQ answers with a signed position.
No reply ever means "discard", and nobody's clock decides anything.

At the till: `upward` (what to send and when, one state per journal; `standing` is that state,
`steps` are its events and effects, `waits` its jitter, `progress` the deadline of what stands
still). At HQ: `intake` (what to make of a batch), `epochs` (when HQ has lost time). At both: `wire`
(shapes), `versions` (which of them both sides speak), `coding` (a batch as bytes), `signed` and
`acks` and `credentials` and `orders` (what is signed, over which bytes), `lineages` (which of two
machines has a key's heir), `cursors` and `snapshots` (where a till stands in a feed, and how it
begins one), `faults`.
"""

from __future__ import annotations
