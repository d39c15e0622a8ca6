"""Trying many entries of the quarantine again, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine

from agent.core.faults import NotFoundFault, StateFault
from central.histories import quarantine
from central.histories.applier import Applier
from central.ledger.engine import reading

FAILURES_SHOWN = 50
APPLIED = "applied"


class Selection(NamedTuple):
    """Which entries: all there are where both are None."""

    name: str | None = None
    store: str | None = None


class Replayed(msgspec.Struct, frozen=True):
    """What became of a replay."""

    tried: int
    applied: int
    failures: tuple[quarantine.Decision, ...]
    """The first of those that stay in quarantine."""


def replay_all(
    applier: Applier, engine: Engine, person: quarantine.Person, selection: Selection
) -> Replayed:
    """Try entries again; one that fails again keeps no other from its turn.

    Raises:
        InputFault: nobody is named, or no reason is given.
    """
    person = person.checked()
    tried = applied = 0
    failures: list[quarantine.Decision] = []
    for found in _selected(engine, selection):
        try:
            decision = applier.replay(found.journal_id, found.seq, person)
        except (NotFoundFault, StateFault):
            continue  # Somebody else decided in the meantime.
        tried += 1
        applied += decision.outcome == APPLIED
        failures += [decision] if decision.outcome != APPLIED else []
    return Replayed(tried, applied, tuple(failures[:FAILURES_SHOWN]))


def _selected(engine: Engine, selection: Selection) -> Iterator[quarantine.Aside]:
    """Read page by page: what is replayed leaves, what fails stays behind."""
    after: tuple[str, int] | None = None
    while True:
        with reading(engine) as conn:
            page = quarantine.listed(conn, name=selection.name, store=selection.store, after=after)
        yield from (found for found in page if found.voided_at is None)
        if len(page) < quarantine.PAGE:
            return
        after = page[-1].journal_id, page[-1].seq
