"""The sync loop: drives the decisions of `core.exchange` over a link and the journal.

`loop` starts one `pump` per journal (up, in the order of `lanes`; `batches` reads for it, `keeper`
keeps its acks) and one follower of `feeds` per scope (down, into the directory; `following` says
which, `snapshots` where a scope begins, `orders` for what HQ has signed). `admission` has
successors bound and forgetful HQs reminded, `watch` sees to heartbeats and to what stands still,
`presence` knows whether HQ answers. What is told of it all: `status`, put together by `standing`,
in `words`, with its `troubles` and `ages`. `enrolment` trades a code for a credential, `renewal` a
device key for the next, `keys` checks signatures by HQ's root key.
"""

from __future__ import annotations

from agent.sync.enrolment import Enrolled, enrol, enrolment, enrolments
from agent.sync.loop import SyncLoop
from agent.sync.status import SyncStatus, Trouble

__all__ = ["Enrolled", "SyncLoop", "SyncStatus", "Trouble", "enrol", "enrolment", "enrolments"]
