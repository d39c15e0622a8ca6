"""Is everything in? What is missing, since when, and why: as a person says it."""

from __future__ import annotations

from collections.abc import Sequence

from agent.sync.status import JournalStatus, Trouble

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_KB, _MB = 1_000, 1_000_000


def of_journal(journal: JournalStatus, troubles: Sequence[Trouble], outage: str) -> str:
    """Say of one journal what HQ has.

    Args:
        journal: as it stands.
        troubles: those about it that are on.
        outage: why HQ does not answer; empty while it does.
    """
    return f"{_held(journal, troubles, outage)}{_came_from(journal)}{_went_on(journal)}"


def of_all(journals: Sequence[JournalStatus], *, enrolled: bool, outage: str) -> str:
    """Say of all journals together whether HQ has everything."""
    unsent = sum(journal.unsent for journal in journals)
    if unsent == 0:
        return (
            "HQ holds everything" if enrolled else "nothing waits for HQ, and no till is enrolled"
        )
    size = sum(journal.unsent_bytes for journal in journals)
    oldest = max(journal.oldest_unsent_s for journal in journals)
    why = outage or _reason(journals)
    if not enrolled:
        why = "not every till is enrolled: till-agent enrol CODE"
    return f"{_entries(unsent)} ({bytes_(size)}) not at HQ, for {span(oldest)}{_colon(why)}"


def span(seconds: int) -> str:
    """Say how long.

    >>> [span(seconds) for seconds in (0, 59, 119, 7_200, 200_000)]
    ['0 s', '59 s', '1 min', '2 h', '2 days']
    """
    for size, name in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {'day' if (count, name) == (1, 'days') else name}"
    return f"{seconds} s"


def bytes_(size: int) -> str:
    """Say how much.

    >>> [bytes_(size) for size in (17, 1_700, 17_000_000)]
    ['17 B', '1.7 kB', '17.0 MB']
    """
    for unit, name in ((_MB, "MB"), (_KB, "kB")):
        if size >= unit:
            tenths = size * 10 // unit
            return f"{tenths // 10}.{tenths % 10} {name}"
    return f"{size} B"


def _held(journal: JournalStatus, troubles: Sequence[Trouble], outage: str) -> str:
    if journal.unsent == 0:
        return f"complete: HQ holds all {journal.tail}{_safe(journal)}"
    why = outage or next((trouble.detail for trouble in troubles), "") or _doing(journal)
    since = f", for {span(journal.oldest_unsent_s)}" if journal.oldest_unsent_s else ""
    size = bytes_(journal.unsent_bytes)
    return f"{_entries(journal.unsent)} ({size}) not at HQ{since}{_colon(why)}"


def _safe(journal: JournalStatus) -> str:
    if journal.tail == 0:
        return ""
    if journal.safe == 0:
        return ", none of them in a backup of HQ yet"
    return f", {min(journal.safe, journal.tail)} of them in its backups"


def _came_from(journal: JournalStatus) -> str:
    if journal.succeeds is None:
        return ""
    before = journal.succeeds
    return f"; goes on from {before.journal_id[:8]} at entry {before.seq} ({before.reason})"


def _went_on(journal: JournalStatus) -> str:
    return f"; {journal.successor[:8]} goes on from it" if journal.successor else ""


def _doing(journal: JournalStatus) -> str:
    if not journal.state:
        return "HQ does not know this journal yet"
    told = {"paced": "HQ asked for patience", "backing-off": "the last attempt failed"}
    told["spreading"] = "the first contact after a start or an outage is spread over a while"
    return told.get(journal.state, "it is being sent")


def _reason(journals: Sequence[JournalStatus]) -> str:
    waiting = [journal for journal in journals if journal.unsent]
    return _doing(waiting[0]) if waiting else ""


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _colon(why: str) -> str:
    return f": {why}" if why else ""
