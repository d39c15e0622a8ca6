"""Bugs in what HQ makes of what it holds: the applier, its quarantine, its books."""

from __future__ import annotations

from central.histories import applier, applying, quarantine
from central.ledger.engine import LedgerBusy
from tests.simulation.mutants.planting import Planted, always, commit_here


def _move_first(_original):
    def apply_next(self, journal_id, conn):
        entries = applier.waiting(conn, journal_id, self._limits.get(journal_id, applier.BATCH))
        if entries:
            applier.move(conn, journal_id, entries[-1].seq)
            commit_here(conn)
        applier.apply_slice(conn, entries, self._context())
        return len(entries)

    return apply_next


def _blocked(_original):
    def put(*_args):
        raise LedgerBusy("an entry cannot be applied", remedy="none")

    return put


def _all_but_last(original):
    """The position moves over the whole slice."""

    def apply_slice(conn, entries, context, **options):
        return original(conn, entries[:-1], context, **options)

    return apply_slice


def _twice(original):
    def book(conn, bookings, now):
        original(conn, bookings, now)
        original(conn, bookings[:1], now)

    return book


def _emptied(original):
    """What is tried again leaves the quarantine, whatever came of it."""

    def try_again(self, conn, received):
        original(self, conn, received)
        quarantine.release(conn, received.journal_id, received.seq)
        return True

    return try_again


PLANTED = (
    Planted(
        "position-before-effect",
        "The applier commits its position, and then the effects.",
        ((applier.Applier, "_apply_next", _move_first),),
        "cuts",
    ),
    Planted(
        "poison-blocks",
        "An entry that cannot be applied stops the applier.",
        ((applying.quarantine, "put", _blocked),),
        "weather",
    ),
    Planted(
        "poison-passed-over",
        "An entry that cannot be applied is forgotten.",
        ((applying.quarantine, "put", always(None)),),
        "weather",
    ),
    Planted(
        "position-without-effect",
        "The applier moves over the last entry of a slice without applying it.",
        ((applier, "apply_slice", _all_but_last),),
        "cuts",
    ),
    Planted(
        "booked-twice",
        "What counts is booked once more.",
        ((applying, "book", _twice),),
        "cuts",
    ),
    Planted(
        "quarantine-emptied",
        "An entry that was tried again in vain leaves the quarantine.",
        ((applier.Applier, "_try_again", _emptied),),
        "trust",
    ),
)
