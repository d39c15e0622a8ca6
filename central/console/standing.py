"""How every store stands: is everything in, what is missing, since when, why. One answer for all.

The console's pages, `till-central status`, `GET /v1/stores` and the metrics all show this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from central.histories.troubles import Trouble, troubles
from central.intake.lag import LaneLag, StoreLag, TillLag, stores
from central.reports.checks import ChainCheck, checks
from central.reports.completeness import Completeness, HeldBack, completeness
from central.reports.progress import (
    SILENT_S,
    STALLED_S,
    is_stalled,
    progress_of,
    waiting_since,
)
from central.reports.times import seconds_between

IN_STEP, BEHIND, STALLED, SILENT, NEVER = "in-step", "behind", "stalled", "silent", "never"
ACTIVE = "active"
_ORDER = (STALLED, SILENT, BEHIND, NEVER, IN_STEP)
"""What a store is called after: the worst of its tills."""


class LaneStanding(LaneLag, frozen=True, kw_only=True):
    """One journal of a till."""

    condition: str
    """`in-step`, `behind`, `stalled`, `silent` or `never`."""
    progress_at: str | None
    """HQ's time of the last record, where there is a backlog."""
    waiting_since: str | None
    """Since when the first record waits that is here and does not show yet."""
    trouble: Trouble | None
    """The entry the database failed on, if there is one."""
    chain: ChainCheck | None
    """What `till-central ledger verify` last found; None before the first time."""
    why: tuple[str, ...]
    """What is not as it should be, in words; empty if all is."""


class TillStanding(msgspec.Struct, frozen=True):
    """One till."""

    till: str
    state: str
    """`active`, `replaced` where another device took its place, or `revoked`."""
    keyid: str
    condition: str
    """The worst of its journals; the state of one that is not active."""
    since: str | None
    """HQ's time of the last contact."""
    lag: int
    quarantined: int
    version: str
    lanes: tuple[LaneStanding, ...]


class StoreStanding(msgspec.Struct, frozen=True):
    """One store."""

    store: str
    condition: str
    """The worst of its tills."""
    everything_in: bool
    """HQ holds and shows all its tills have said they have, and nothing is set aside."""
    missing_records: int
    missing_bytes: int
    oldest_age_s: int
    """Age of the oldest missing record, as its till last said, plus the time since."""
    not_applied: int
    quarantined: int
    last_contact_at: str | None
    complete_up_to: str | None
    """The last business date up to which every day is complete."""
    open_days: int
    late: int
    held_back_by: tuple[HeldBack, ...]
    tills: tuple[TillStanding, ...]

    @property
    def why(self) -> tuple[str, ...]:
        """Say in words what is not as it should be, once for all journals of a till it is so of."""
        return tuple(line for till in self.tills if till.state == ACTIVE for line in _told(till))


class _Known(NamedTuple):
    """What is looked up once for all stores."""

    now: str
    progress: Mapping[str, str]
    waiting: Mapping[str, str]
    troubles: Mapping[str, Trouble]
    checks: Mapping[str, ChainCheck]
    completeness: Mapping[str, Completeness]


def standing(conn: Connection, now: str, store: str | None = None) -> tuple[StoreStanding, ...]:
    """Tell of every store how it stands.

    Args:
        conn: any open connection.
        now: HQ's time.
        store: only of this one.
    """
    known = _Known(
        now,
        progress_of(conn),
        waiting_since(conn),
        {each.journal_id: each for each in troubles(conn)},
        checks(conn),
        completeness(conn, None if store is None else [store]),
    )
    return tuple(
        _store(found, known) for found in stores(conn) if store is None or found.store == store
    )


def _store(lag: StoreLag, known: _Known) -> StoreStanding:
    tills = tuple(_till(each, known) for each in lag.tills)
    live = [each for each in tills if each.state == ACTIVE]
    lanes = [lane for till in live for lane in till.lanes]
    days = known.completeness.get(lag.store, Completeness())
    missing = sum(lane.lag for lane in lanes)
    waiting = sum(lane.have_seq - lane.applied_seq for lane in lanes)
    aside = sum(lane.quarantined for till in tills for lane in till.lanes)
    return StoreStanding(
        store=lag.store,
        condition=_worst(each.condition for each in live),
        everything_in=not (missing or waiting or aside),
        missing_records=missing,
        missing_bytes=sum(lane.backlog_bytes for lane in lanes if lane.lag),
        oldest_age_s=max((_age_s(lane, known.now) for lane in lanes if lane.lag), default=0),
        not_applied=waiting,
        quarantined=aside,
        last_contact_at=max((each.since for each in live if each.since), default=None),
        complete_up_to=days.complete_up_to,
        open_days=days.open_days,
        late=days.late,
        held_back_by=days.held_back_by,
        tills=tills,
    )


def _till(lag: TillLag, known: _Known) -> TillStanding:
    lanes = tuple(_lane(each, known) for each in lag.lanes)
    # A journal that was succeeded says nothing any more, and owes nothing either.
    speaking = [lane for lane in lanes if lane.succeeded_by is None] or list(lanes)
    heard = max((lane.last_contact_at for lane in lanes if lane.last_contact_at), default=None)
    worst = _worst(lane.condition for lane in speaking)
    return TillStanding(
        till=lag.till,
        state=lag.state,
        keyid=lag.keyid,
        condition=worst if lag.state == ACTIVE else lag.state,
        since=heard,
        lag=sum(lane.lag for lane in lanes),
        quarantined=sum(lane.quarantined for lane in lanes),
        version=max((lane.agent_version for lane in lanes), default=""),
        lanes=lanes,
    )


def _lane(lag: LaneLag, known: _Known) -> LaneStanding:
    progress_at = known.progress.get(lag.journal_id)
    waiting = known.waiting.get(lag.journal_id)
    condition = _condition(lag, progress_at, waiting, known.now)
    trouble, chain = known.troubles.get(lag.journal_id), known.checks.get(lag.journal_id)
    return LaneStanding(
        **msgspec.structs.asdict(lag),
        condition=condition,
        progress_at=progress_at,
        waiting_since=waiting,
        trouble=trouble,
        chain=chain,
        why=tuple(_why(lag, condition, progress_at, waiting, trouble, chain)),
    )


def _condition(lag: LaneLag, progress_at: str | None, waiting: str | None, now: str) -> str:
    silent_s = seconds_between(lag.last_contact_at, now)
    if silent_s is None:
        return NEVER
    waited_s = seconds_between(waiting, now)
    if waited_s is not None and waited_s >= STALLED_S:
        return STALLED
    if lag.succeeded_by is None and silent_s > SILENT_S:
        return SILENT
    if lag.lag and is_stalled(
        progress_at=progress_at,
        contact_at=lag.last_contact_at,
        oldest_age_s=lag.oldest_unacked_age_s,
        now=now,
    ):
        return STALLED
    return BEHIND if lag.lag or waiting else IN_STEP


def _why(
    lag: LaneLag,
    condition: str,
    progress_at: str | None,
    waiting: str | None,
    trouble: Trouble | None,
    chain: ChainCheck | None,
) -> Iterator[str]:
    if condition == NEVER:
        yield "has never been in contact"
    if condition == SILENT:
        yield f"nothing heard since {lag.last_contact_at}"
    if lag.lag:
        still = f", none has come in since {progress_at or 'it was enrolled'}"
        yield f"{records(lag.lag)} not here yet{still if condition == STALLED else ''}"
    if waiting:
        yield f"{records(lag.have_seq - lag.applied_seq)} here and not shown since {waiting}"
    if trouble:
        yield f"the database fails at entry {trouble.seq} since {trouble.since}: {trouble.reason}"
    if lag.quarantined:
        yield f"{records(lag.quarantined)} set aside"
    if chain and chain.fault:
        yield f"verified {chain.checked_at}: {chain.fault}"


def _age_s(lane: LaneStanding, now: str) -> int:
    return lane.oldest_unacked_age_s + (seconds_between(lane.last_contact_at, now) or 0)


def _told(till: TillStanding) -> Iterator[str]:
    lanes: dict[str, list[str]] = {}
    for lane in till.lanes:
        for why in lane.why:
            lanes.setdefault(why, []).append(lane.lane)
    for why, named in lanes.items():
        yield f"{till.till} {' and '.join(named)}: {why}"


def records(count: int) -> str:
    """Count records in words.

    >>> records(1), records(2)
    ('1 record', '2 records')
    """
    return f"{count} record" if count == 1 else f"{count} records"


def _worst(conditions: Iterator[str]) -> str:
    found = set(conditions)
    return next((each for each in _ORDER if each in found), NEVER)
