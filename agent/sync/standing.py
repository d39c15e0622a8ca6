"""Where each journal stands, put together for whoever asks: from its file, its pump, its alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from agent.core.exchange.wire import Predecessor
from agent.core.identifiers import JournalId, TillId
from agent.journal import Connection, chains, cursors, lineage
from agent.journal.chains import Head
from agent.journal.cursors import Acked
from agent.sync.pump import Pump
from agent.sync.status import JournalStatus
from agent.sync.troubles import Troubles
from agent.sync.words import of_journal


class Kept(msgspec.Struct, frozen=True):
    """What the file knows of a journal besides its end."""

    acked: Acked | None
    held_seq: int
    """Up to where HQ is known to hold it: `cursors.held_seq`."""
    succeeds: Predecessor | None
    successor: str


class Standing:
    """Tells of every journal; the file is read again only when there is another journal."""

    def __init__(self, troubles: Troubles) -> None:
        """Begin without journals."""
        self._troubles = troubles
        self._kept: dict[JournalId, Kept] = {}

    def read(self, conn: Connection) -> None:
        """Read what does not change while the agent runs, but for new journals."""
        self._kept = {head.journal_id: kept(conn, head.journal_id) for head in chains.heads(conn)}

    def journals(
        self,
        heads: Iterable[Head],
        pumps: Mapping[JournalId, Pump],
        is_stalled: Callable[[str], bool],
        outage: str,
    ) -> tuple[JournalStatus, ...]:
        """Tell of these journals; `outage` is why HQ does not answer, empty while it does."""
        return tuple(
            self._journal(head, pumps.get(head.journal_id), is_stalled(head.journal_id), outage)
            for head in heads
        )

    def _journal(
        self, head: Head, pump: Pump | None, is_stalled: bool, outage: str
    ) -> JournalStatus:
        status = standing(head, self._kept.get(head.journal_id))
        if pump is not None:
            status = _with_pump(status, pump)
        troubles = self._troubles.of(head.journal_id)
        said = of_journal(status, troubles, outage)
        return msgspec.structs.replace(status, stalled=is_stalled, said=said)


def kept(conn: Connection, journal_id: JournalId) -> Kept:
    """Read what the file knows of a journal."""
    return Kept(
        cursors.acked(conn, journal_id),
        cursors.held_seq(conn, journal_id),
        lineage.predecessor(conn, journal_id),
        lineage.successor(conn, journal_id) or "",
    )


def standing(head: Head, known: Kept | None) -> JournalStatus:
    """Tell where a journal stands by its file alone."""
    acked = known.acked if known else None
    until = min(known.held_seq, head.due_seq) if known else 0
    return JournalStatus(
        head.till,
        head.lane,
        head.journal_id,
        tail=head.due_seq,
        acked=until,
        safe=min(acked.safe_seq, until) if acked else 0,
        unsent=head.due_seq - until,
        epoch=acked.epoch if acked else "",
        is_open=not head.sealed,
        succeeds=known.succeeds if known else None,
        successor=known.successor if known else "",
    )


def backlog(journals: Sequence[JournalStatus], till: TillId) -> dict[str, int]:
    """Count by lane what HQ lacks of a till."""
    waiting = {"sales": 0, "side": 0}
    for journal in journals:
        if journal.till == till:
            waiting[journal.lane] += journal.unsent
    return waiting


def _with_pump(status: JournalStatus, pump: Pump) -> JournalStatus:
    state = pump.state
    # Of an open journal the file's end is the newest; of one that has ended, the pump knows better,
    # once what it cannot deliver is written elsewhere.
    is_due = status.is_open or pump.is_ending
    tail = max(status.tail, state.tail) if is_due else min(status.tail, state.tail)
    unsent = max(0, tail - state.acked)
    return msgspec.structs.replace(
        status,
        tail=tail,
        acked=min(state.acked, tail),
        safe=state.safe,
        unsent=unsent,
        unsent_bytes=pump.unsent_bytes,
        oldest_unsent_s=pump.oldest_unsent_s if unsent else 0,
        epoch=state.epoch,
        state=state.mode.value,
    )
