"""What tills are told: one sequencer per scope, compacted pages, long polls, snapshots.

A till reads changes in `pages`. One that begins a long scope, or has lost its place, gets it as a
file: `keeping` looks after these files, `making` has one made by a process of its own (`building`,
`filling`), `shelf` is their index, `horizon` says which deletions are remembered no longer.

Whom the chain knows, tills that do not hold them learn by a filter in the same feed (`filters`).

`publish` itself lives in `central.ledger.outbox`, below every room that has something to tell.
"""

from __future__ import annotations

from central.ledger.outbox import Change, publish, publish_many, store_scope

__all__ = ["Change", "publish", "publish_many", "store_scope"]
