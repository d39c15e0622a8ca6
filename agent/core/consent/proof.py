"""When an erasure is complete: who must say that it was done, who has, and what is still open.

Every copy is asked: HQ, each till, each channel and partner the data was passed to (GDPR, Article
19), each backup. A till that is away stays named as pending, for as long as it takes; one that will
never come back is excused by a person, with a reason. Backups are not opened: a restore carries the
order out again before it serves anybody, and the day the last of them is gone is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from agent.core.consent.erasure import GLOBAL, EntryKey, Kept, Plan, Unclear
from agent.core.consent.retention import DataClass
from agent.core.days import day
from agent.core.faults import InputFault
from agent.core.identifiers import ActorId, PartyId

_SETTLED = frozenset({"done", "nothing-to-do"})
"""Outcomes of an order (`order.received`) after which a replica holds nothing of it."""
_NAMELESS = frozenset({DataClass.SALE, DataClass.SUPPRESSION})
"""Classes that say nothing about anybody once the rest is gone."""
_ENCODER = msgspec.json.Encoder(order="deterministic")


class ReplicaKind(StrEnum):
    """What keeps a copy."""

    HQ = "hq"
    TILL = "till"
    CHANNEL = "channel"
    PARTNER = "partner"
    BACKUP = "backup"


class Replica(msgspec.Struct, frozen=True, omit_defaults=True):
    """One copy that holds, or may hold, something of the person."""

    replica_id: str
    """`hq`, `store-0001/till-1`, `webshop`, the name of a backup."""
    kind: ReplicaKind
    scopes: tuple[str, ...] = (GLOBAL,)
    """Whose orders it must carry out."""
    gone_by: str = ""
    """Of a backup: the last day it is kept."""


class Ordered(msgspec.Struct, frozen=True, order=True):
    """A signed order of this request, and whom it went to."""

    order_id: str
    scope: str


class Ack(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """A replica's word that it carried an order out."""

    replica_id: str
    order_id: str
    outcome: str
    """`done`, `nothing-to-do`; anything else is a trouble that stays open."""
    at: str
    """UTC; shown."""
    erased: tuple[EntryKey, ...] = ()
    """What it erased besides: entries HQ had not seen."""


class Excuse(msgspec.Struct, frozen=True, order=True):
    """A person's word that a replica need not be waited for: it was lost, destroyed, scrapped."""

    replica_id: str
    reason: str
    actor: ActorId
    at: str


class Erasure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where one erasure stands. Acks and excuses only grow: any order of arrival ends alike."""

    request_id: str
    parties: tuple[PartyId, ...]
    due: str
    orders: tuple[Ordered, ...] = ()
    replicas: tuple[Replica, ...] = ()
    kept: tuple[Kept, ...] = ()
    """As last decided."""
    unclear: tuple[Unclear, ...] = ()
    """As last decided: nothing is complete before they are."""
    acks: tuple[Ack, ...] = ()
    excuses: tuple[Excuse, ...] = ()


class ReplicaState(StrEnum):
    """Where one replica stands."""

    DONE = "done"
    PENDING = "pending"
    TROUBLE = "trouble"
    """It has answered, and not that it was done."""
    EXCUSED = "excused"
    AGES_OUT = "ages_out"
    """A backup: nobody reads it, and its last day is set."""


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the proof."""

    replica_id: str
    kind: ReplicaKind
    state: ReplicaState
    open_orders: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    """What it said that is no completion."""
    at: str = ""
    """When it last said something; shown."""
    note: str = ""
    """Why it is excused, or the day a backup is gone."""


class Proof(msgspec.Struct, frozen=True, omit_defaults=True):
    """The record that the erasure was carried out, or what it still waits for."""

    request_id: str
    parties: tuple[PartyId, ...]
    """Ids that stay known for ever, and say nothing more than that somebody was erased."""
    complete: bool
    """No copy that anybody reads holds anything that had to go."""
    final: bool
    """Nor does a backup."""
    due: str
    late: bool
    """The legal day has passed, and it is not complete."""
    replicas: tuple[Shown, ...]
    kept: tuple[Kept, ...] = ()
    """What stays, under which law, until when: the written refusal for these."""
    unclear: tuple[Unclear, ...] = ()


def begun(decided: Plan, replicas: Iterable[Replica], *, due: str) -> Erasure:
    """Begin: of a plan just decided, with every replica there is.

    Raises:
        InputFault: `bad-day`: `due`, or a backup without its last day.
    """
    empty = Erasure(decided.request_id, decided.parties, day(due).isoformat())
    return with_replicas(decided_again(empty, decided), replicas)


def decided_again(erasure: Erasure, decided: Plan) -> Erasure:
    """Take over a later plan of the same request: what is kept now, and further ids.

    A sale that was kept is kept on, although with its tie gone no later look finds whose it was.

    Raises:
        InputFault: `other-request`.
    """
    if decided.request_id != erasure.request_id:
        raise _other(f"request {decided.request_id}", erasure)
    parties = tuple(sorted({*erasure.parties, *decided.parties}))
    found: list[Kept] = [*decided.keep, *_beyond(erasure.kept, decided)]
    found.sort(key=lambda each: each.key)
    return msgspec.structs.replace(
        erasure, parties=parties, kept=tuple(found), unclear=decided.unclear
    )


def _beyond(before: Iterable[Kept], decided: Plan) -> Iterator[Kept]:
    """Give what names nobody and was kept before a look that does not come upon it."""
    found = {each.key for each in decided.keep} | {each.key for each in decided.erase}
    return (each for each in before if each.data_class in _NAMELESS and each.key not in found)


def with_orders(erasure: Erasure, orders: Iterable[Ordered]) -> Erasure:
    """Add orders that were signed; whoever is in their scope is waited for."""
    return msgspec.structs.replace(erasure, orders=tuple(sorted({*erasure.orders, *orders})))


def with_replicas(erasure: Erasure, replicas: Iterable[Replica]) -> Erasure:
    """Add replicas, or tell more of one that is known.

    Raises:
        InputFault: `bad-day`: a backup without its last day.
    """
    known = {replica.replica_id: replica for replica in erasure.replicas}
    known |= {replica.replica_id: _dated(replica) for replica in replicas}
    return msgspec.structs.replace(erasure, replicas=tuple(known[each] for each in sorted(known)))


def acknowledged(erasure: Erasure, ack: Ack) -> Erasure:
    """Take a replica's word; told twice, it counts once, and a later success outlives a trouble.

    Raises:
        InputFault: `other-request`: the order is none of this request's.
    """
    if ack.order_id not in {ordered.order_id for ordered in erasure.orders}:
        raise _other(f"order {ack.order_id}", erasure)
    return msgspec.structs.replace(erasure, acks=tuple(sorted({*erasure.acks, ack})))


def excused(erasure: Erasure, excuse: Excuse) -> Erasure:
    """Wait for a replica no longer.

    Raises:
        InputFault: `reason-missing`; `other-request`: there is no such replica.
    """
    if not excuse.reason.strip():
        raise InputFault(
            "a replica is excused only with a reason",
            remedy="write down what has become of it, for example: disk destroyed on 2026-11-22",
            name="reason-missing",
        )
    if excuse.replica_id not in {replica.replica_id for replica in _everyone(erasure)}:
        raise _other(f"replica {excuse.replica_id}", erasure)
    return msgspec.structs.replace(erasure, excuses=tuple(sorted({*erasure.excuses, excuse})))


def proof(erasure: Erasure, *, today: str) -> Proof:
    """Say where it stands.

    Args:
        erasure: with at least one order.
        today: the day, for the legal clock and the age of backups.

    Raises:
        InputFault: `bad-day`.
    """
    on = day(today).isoformat()
    shown = tuple(_shown(erasure, replica, on) for replica in _everyone(erasure))
    states = {each.state for each in shown}
    # HQ is a replica itself: without any, nobody has said who holds a copy.
    decided = bool(erasure.orders and shown) and not erasure.unclear
    complete = decided and not states & {ReplicaState.PENDING, ReplicaState.TROUBLE}
    return Proof(
        request_id=erasure.request_id,
        parties=erasure.parties,
        complete=complete,
        final=complete and ReplicaState.AGES_OUT not in states,
        due=erasure.due,
        late=not complete and erasure.due < on,
        replicas=shown,
        kept=erasure.kept,
        unclear=erasure.unclear,
    )


def proof_bytes(shown: Proof) -> bytes:
    """Write a proof as the bytes that are signed and kept: deterministic JSON."""
    return _ENCODER.encode(shown)


def _everyone(erasure: Erasure) -> tuple[Replica, ...]:
    """Give the replicas, and whoever has answered without being among them.

    A till enrolled meanwhile, or one that an HQ put back has forgotten: its word counts, too.
    """
    scope = {ordered.order_id: ordered.scope for ordered in erasure.orders}
    known = {replica.replica_id for replica in erasure.replicas}
    heard: dict[str, set[str]] = {}
    for ack in erasure.acks:
        if ack.replica_id not in known:
            heard.setdefault(ack.replica_id, {GLOBAL}).add(scope[ack.order_id])
    strangers = (
        Replica(each, ReplicaKind.TILL, tuple(sorted(scopes))) for each, scopes in heard.items()
    )
    return tuple(sorted((*erasure.replicas, *strangers), key=lambda each: each.replica_id))


def _shown(erasure: Erasure, replica: Replica, today: str) -> Shown:
    acks = [ack for ack in erasure.acks if ack.replica_id == replica.replica_id]
    settled = {ack.order_id for ack in acks if ack.outcome in _SETTLED}
    wanted = {each.order_id for each in erasure.orders if each.scope in replica.scopes}
    waiting = wanted - settled
    troubles = {ack.outcome for ack in acks if ack.order_id in waiting}
    state, note = _state(erasure, replica, waiting, troubles, today)
    return Shown(
        replica_id=replica.replica_id,
        kind=replica.kind,
        state=state,
        open_orders=tuple(sorted(waiting)),
        outcomes=tuple(sorted(troubles)),
        at=max((ack.at for ack in acks), default=""),
        note=note,
    )


def _state(
    erasure: Erasure, replica: Replica, waiting: set[str], troubles: set[str], today: str
) -> tuple[ReplicaState, str]:
    if not waiting:
        return ReplicaState.DONE, ""
    reasons = [each.reason for each in erasure.excuses if each.replica_id == replica.replica_id]
    if reasons:
        return ReplicaState.EXCUSED, reasons[-1]
    if replica.kind is ReplicaKind.BACKUP:
        over = replica.gone_by < today
        return (ReplicaState.DONE if over else ReplicaState.AGES_OUT), replica.gone_by
    return (ReplicaState.TROUBLE if troubles else ReplicaState.PENDING), ""


def _dated(replica: Replica) -> Replica:
    if replica.kind is ReplicaKind.BACKUP:
        day(replica.gone_by)
    return replica


def _other(what: str, erasure: Erasure) -> InputFault:
    return InputFault(
        f"{what} is not one of the request {erasure.request_id}",
        remedy="look the request up by its order, or by the replica's id",
        name="other-request",
    )
