"""The sync loop: drives the decisions of `core.exchange` over a link and the journal.

`loop` starts one `pump` per journal (up, in the order of `lanes`, its acks kept by `keeper`) and
one follower of `feeds` per scope (down, into the directory). `presence` knows whether HQ answers,
`status` is what is told of it all, `enrolment` trades a code for a credential, `keys` checks
signatures by HQ's root key.
"""

from __future__ import annotations

from agent.sync.enrolment import Enrolled, enrol, enrolment, enrolments
from agent.sync.loop import SyncLoop
from agent.sync.status import SyncStatus, Trouble

__all__ = ["Enrolled", "SyncLoop", "SyncStatus", "Trouble", "enrol", "enrolment", "enrolments"]
