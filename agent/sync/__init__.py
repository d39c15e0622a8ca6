"""The sync loop: drives the decisions of `core.exchange` over a link and the journal."""

from __future__ import annotations

from agent.sync.enrolment import Enrolled, enrol, enrolment, enrolments
from agent.sync.loop import SyncLoop
from agent.sync.status import SyncStatus, Trouble

__all__ = ["Enrolled", "SyncLoop", "SyncStatus", "Trouble", "enrol", "enrolment", "enrolments"]
