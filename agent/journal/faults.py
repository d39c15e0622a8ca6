"""What can be wrong with the journal, by who must act."""

from __future__ import annotations

from agent.core.faults import Fault, NotFoundFault, UnavailableFault


class JournalUnusable(Fault):
    """The agent cannot start on this state directory; IT must act, the detail says on what."""

    name = "journal-unusable"
    title = "The journal cannot be opened"


class JournalLocked(JournalUnusable):
    """Another process holds this journal."""

    name = "journal-locked"
    title = "The journal is in use"


class JournalDamaged(JournalUnusable):
    """What is stored is not what was written; nothing is sold on top of it."""

    name = "journal-damaged"
    title = "The journal is damaged"


class JournalNotWritable(UnavailableFault):
    """The disk did not take the write; nothing of it was stored."""

    name = "journal-not-writable"
    title = "The journal could not be written"


class NoRoom(UnavailableFault):
    """The disk is so full that this is not begun; what was begun is finished."""

    name = "disk-full"
    status = 507
    title = "The disk is full"


class JournalBusy(UnavailableFault):
    """Too many writes are waiting for the disk; nothing of this one was stored."""

    name = "journal-busy"
    title = "The journal has too much to do"


class JournalClosed(UnavailableFault):
    """The agent is stopping; nothing was stored."""

    name = "journal-closed"
    title = "The journal is closed"


class EntryPruned(NotFoundFault):
    """The text of an entry has left this machine, since HQ holds it for good (410 Gone)."""

    name = "entry-pruned"
    status = 410
    title = "The entry was pruned here"
