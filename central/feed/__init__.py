"""What tills are told: one sequencer per scope, compacted pages, long polls.

`publish` itself lives in `central.ledger.outbox`, below every room that has something to tell.
"""

from __future__ import annotations

from central.ledger.outbox import Change, publish, publish_many, store_scope

__all__ = ["Change", "publish", "publish_many", "store_scope"]
