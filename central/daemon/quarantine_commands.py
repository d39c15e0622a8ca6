"""What the commands of the quarantine do; a serving HQ may run beside them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.core.faults import InputFault
from central.daemon.commands import ledger
from central.daemon.evidence import evidence
from central.daemon.keys import opening_of
from central.daemon.state import root_key, utc_now
from central.histories import quarantine
from central.histories.applier import Applier
from central.histories.parking import parked
from central.histories.replaying import APPLIED, Replayed, Selection, replay_all
from central.ledger.engine import reading, writing


class Listed(msgspec.Struct, frozen=True):
    """What is set aside."""

    waiting: int
    names: dict[str, int]
    parked: int
    entries: tuple[quarantine.Aside, ...]
    """The first of them, voided ones included."""


def run_list(config: Path, name: str | None, store: str | None) -> Listed:
    """List what is set aside."""
    with ledger(config) as (_, engine), reading(engine) as conn:
        return Listed(
            waiting=quarantine.count(conn),
            names=quarantine.names(conn),
            parked=parked(conn),
            entries=tuple(quarantine.listed(conn, name=name, store=store)),
        )


def run_audit(config: Path) -> list[quarantine.Decision]:
    """Read what was decided, newest first."""
    with ledger(config) as (_, engine), reading(engine) as conn:
        return quarantine.decisions(conn)


def run_replay(
    config: Path,
    entries: list[str],
    name: str | None,
    store: str | None,
    *,
    actor: str,
    reason: str,
) -> Replayed:
    """Try entries again.

    Raises:
        InputFault: an entry is not written JOURNAL:SEQ, or no reason is given.
        NotFoundFault: one of the named entries is not in quarantine.
    """
    places = [place(text) for text in entries]
    person = quarantine.Person(actor, reason, utc_now())
    with ledger(config) as (settings, engine):
        key = root_key(Path(settings.central.state_dir), engine)
        applier = Applier(engine, utc_now, take_back=evidence(key), open_body=opening_of(key))
        if not places:
            return replay_all(applier, engine, person, Selection(name, store))
        decisions = [applier.replay(*each, person) for each in places]
    failures = tuple(each for each in decisions if each.outcome != APPLIED)
    return Replayed(len(decisions), len(decisions) - len(failures), failures)


def run_void(
    config: Path, entries: list[str], *, actor: str, reason: str, undo: bool
) -> list[quarantine.Aside]:
    """Void entries, or take that back: all of them or none.

    Raises:
        InputFault: an entry is not written JOURNAL:SEQ, or no reason is given.
        NotFoundFault: one of them is not in quarantine.
        StateFault: one of them is void already, or is not.
    """
    places = [place(text) for text in entries]
    decide = quarantine.unvoid if undo else quarantine.void
    with ledger(config) as (_, engine), writing(engine) as conn:
        person = quarantine.Person(actor, reason, utc_now())
        return [decide(conn, *each, person) for each in places]


def place(text: str) -> tuple[str, int]:
    """Read JOURNAL:SEQ.

    Raises:
        InputFault: it is something else.
    """
    found = quarantine.place_of(text)
    if found is None:
        raise InputFault(
            f"{text[:80]!r} names no entry",
            remedy="write JOURNAL:SEQ as `till-central quarantine list` shows it",
        )
    return found
