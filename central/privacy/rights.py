"""A person's rights, as staff carry them out: requests, exports, erasures and their proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from sqlalchemy import Connection, Row, and_, or_, select, update
from uuid_utils import uuid7

from agent.core.card_numbers import refuse_card_numbers
from agent.core.consent.export import PersonExport
from agent.core.consent.proof import (
    Erasure,
    Excuse,
    Proof,
    ReplicaKind,
    Shown,
    excused,
    proof,
    proof_bytes,
)
from agent.core.consent.retention import rules_of
from agent.core.consent.rights import Kind, SubjectRequest, extend
from agent.core.faults import InputFault, StateFault
from agent.core.identifiers import ActorId, PartyId
from central.identity.parties import canonical, members_of
from central.identity.requests import (
    answer_request,
    change_request,
    keep_request,
    request_of,
)
from central.ledger.bulk import among
from central.ledger.engine import is_shared
from central.ledger.privacy_tables import (
    ERASURE_EXCUSES,
    ERASURE_HOLDS,
    ERASURES,
)
from central.ledger.tables import PERSON_READS
from central.ledger.upserts import upsert
from central.privacy.authority import Authority
from central.privacy.erasing import begun_for, erase_person, require_erasure
from central.privacy.exporting import export_person
from central.privacy.replicas import standing_of_all
from central.privacy.settings import PrivacySettings

READS_MAX = 1000
ERASURES_SHOWN = 200
"""Of one answer; each has a line for every till of the chain."""
ON_SERVER = (
    "the rows are deleted; their bytes stay in PostgreSQL's files until VACUUM FULL of the tables "
    "or later rows overwrite them, and in its write-ahead log until that is recycled, archives and "
    "standbys included"
)
"""Of an HQ on PostgreSQL; on SQLite what is deleted is overwritten, and the log emptied."""
WAITS = ("pending", "trouble")
"""States of a replica that is waited for."""
_FOREVER = "9999-12-31"

Text = Annotated[str, msgspec.Meta(max_length=200)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class RequestTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person asked for by right."""

    kind: Kind
    request_id: Text | None = None
    """UUIDv7 of the caller; the same again is taken down once."""
    received: Text | None = None
    """The day it reached the shop; today where it is left out."""
    channel: Text = ""
    touch_point: Text = ""
    operator: Text | None = None
    verified_by: tuple[Text, ...] = ()
    """How it was made sure that it is them: kinds of document or identifier, never their values."""


class Verified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it was made sure who a request comes from, or why it takes longer."""

    verified_by: tuple[Text, ...] = ()
    extended: Text = ""
    """Why two more months are needed, as the person was told."""


class Excused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's word that a replica need not be waited for."""

    replica_id: Text
    reason: Words
    actor: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Data that must stay for a dispute (GDPR, Article 17(3)(e))."""

    reason: Words
    actor: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    until: Text = _FOREVER


class SignedProof(msgspec.Struct, frozen=True):
    """Where an erasure stands, signed by HQ's root key."""

    proof: Proof
    signature: str
    """Ed25519 over the deterministic JSON of `proof`, hexadecimal."""


class ErasureLine(msgspec.Struct, frozen=True):
    """One erasure in the list."""

    request_id: str
    party_id: str
    begun_at: str
    due: str
    complete: bool
    late: bool
    open: tuple[str, ...]
    """Replicas that are waited for."""


class Read(msgspec.Struct, frozen=True):
    """One look at a person's data."""

    at: str
    reader: str
    action: str
    party_id: str


def take_down(conn: Connection, any_id: str, told: RequestTold, now: str) -> SubjectRequest:
    """Take a request down; its legal clock runs from the day it was received.

    Raises:
        NotFoundFault: no party ever had this id.
        InputFault: `bad-day`, `card-number`.
        StateFault: `request-id-taken`: something else was asked for under this id.
    """
    canonical(conn, any_id)
    refuse_card_numbers({"verified_by": " ".join(told.verified_by), "operator": told.operator})
    request = SubjectRequest(
        request_id=told.request_id or str(uuid7()),
        kind=told.kind,
        party_id=PartyId(any_id),
        received=told.received or now[:10],
        at=now,
        channel=told.channel or "hq",
        touch_point=told.touch_point,
        operator=None if told.operator is None else ActorId(told.operator),
        verified_by=told.verified_by,
    )
    return request if keep_request(conn, request, now) else _held(conn, request)


def change(conn: Connection, request_id: str, told: Verified, now: str) -> SubjectRequest:
    """Note how a request was verified, or take two more months.

    Raises:
        NotFoundFault: `no-such-request`.
        StateFault: `too-late-to-extend`.
    """
    request = request_of(conn, request_id)
    if told.verified_by:
        both = tuple(dict.fromkeys((*request.verified_by, *told.verified_by)))
        request = msgspec.structs.replace(request, verified_by=both)
    if told.extended:
        request = extend(request, reason=told.extended, today=now[:10])
    change_request(conn, request)
    return request


def exported(
    conn: Connection, any_id: str, request_id: str, settings: PrivacySettings, now: str
) -> PersonExport:
    """Hand a person's data out, for a verified request.

    Raises:
        NotFoundFault: no such party or request.
        StateFault: `person-not-verified`.
        InputFault: `other-person`: the request is of somebody else; `no-export`.
    """
    request = request_of(conn, request_id)
    if canonical(conn, request.party_id) != canonical(conn, any_id):
        raise InputFault(
            f"request {request_id} is of somebody else",
            remedy="open the request of this person: GET /v1/parties/{id}/requests",
            name="other-person",
        )
    rules = rules_of(settings.country)
    return export_person(conn, any_id, request, rules, settings, now)


def note_exported(conn: Connection, request_id: str, now: str) -> None:
    """Note that a request was answered by an export."""
    answer_request(conn, request_id, "handed over", now)


def erase(
    conn: Connection, request_id: str, settings: PrivacySettings, authority: Authority, now: str
) -> SignedProof:
    """Carry an erasure out, or look again at one that was.

    Raises:
        NotFoundFault: `no-such-request`.
        StateFault: `person-not-verified`, `other-request`.
    """
    request = request_of(conn, request_id)
    erase_person(conn, request, rules_of(settings.country), authority, now)
    return proof_of(conn, request_id, authority, now)


def proof_of(conn: Connection, request_id: str, authority: Authority, now: str) -> SignedProof:
    """Say where an erasure stands.

    Raises:
        NotFoundFault: `no-such-erasure`.
    """
    shown = proof(_standing(conn, require_erasure(conn, request_id)), today=now[:10])
    if is_shared(conn.engine):
        told = tuple(_on_server(each) for each in shown.replicas)
        shown = msgspec.structs.replace(shown, replicas=told)
    return SignedProof(shown, authority.sign(proof_bytes(shown)).hex())


def excuse(conn: Connection, request_id: str, told: Excused, now: str) -> None:
    """Wait for a replica no longer.

    Raises:
        NotFoundFault: `no-such-erasure`.
        InputFault: `other-request`: there is no such replica.
    """
    refuse_card_numbers({"reason": told.reason})
    held = _standing(conn, require_erasure(conn, request_id))
    word = Excuse(told.replica_id, told.reason, ActorId(told.actor), now)
    excused(held, word)
    row = msgspec.structs.asdict(word) | {"request_id": request_id}
    conn.execute(upsert(ERASURE_EXCUSES).on_conflict_do_nothing(), row)


def hold(conn: Connection, any_id: str, told: Held, now: str) -> None:
    """Keep everything of a person for a dispute.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    canonical(conn, any_id)
    refuse_card_numbers({"reason": told.reason})
    row = {
        "party_id": any_id,
        "hold_id": str(uuid7()),
        "reason": told.reason,
        "until": told.until,
        "actor": told.actor,
        "at": now,
    }
    conn.execute(upsert(ERASURE_HOLDS), row)


def lift_hold(conn: Connection, any_id: str, now: str) -> None:
    """End every dispute about a person's data; the next look at an erasure goes on.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    held, members = ERASURE_HOLDS.c, members_of(conn, canonical(conn, any_id))
    mine = among(conn, held.party_id, members) & held.lifted_at.is_(None)
    conn.execute(update(ERASURE_HOLDS).where(mine).values(lifted_at=now))


def erasures(
    conn: Connection, now: str, after: str = "", limit: int = ERASURES_SHOWN
) -> list[ErasureLine]:
    """List the erasures, the one that is due first.

    Args:
        conn: any transaction.
        now: HQ's time.
        after: only those behind the `place` of one; empty: from the first.
        limit: how many at most.
    """
    query = select(ERASURES).order_by(ERASURES.c.due, ERASURES.c.request_id).limit(limit)
    if after:
        day, _, request_id = after.partition("/")
        later = and_(ERASURES.c.due == day, ERASURES.c.request_id > request_id)
        query = query.where(or_(ERASURES.c.due > day, later))
    rows = conn.execute(query).all()
    held = standing_of_all(conn, [msgspec.json.decode(row.body, type=Erasure) for row in rows])
    return [_line(row, proof(held[row.request_id], today=now[:10])) for row in rows]


def place(of: ErasureLine) -> str:
    """Say where an erasure stands in the list."""
    return f"{of.due}/{of.request_id}"


def reads_of(conn: Connection, party_ids: Sequence[str], limit: int = READS_MAX) -> list[Read]:
    """List who looked at a person's data, the newest first."""
    held = PERSON_READS.c
    query = select(PERSON_READS).where(held.party_id.in_(list(party_ids)))
    rows = conn.execute(query.order_by(held.at.desc(), held.read_id.desc()).limit(limit))
    return [Read(row.at, row.reader, row.action, row.party_id) for row in rows]


def _held(conn: Connection, told: SubjectRequest) -> SubjectRequest:
    """Give the request that is kept under an id: the one that is told again, and nobody else's."""
    held = request_of(conn, told.request_id)
    # Whom a card had made one falls apart once it is erased: the erasure names them all.
    same = canonical(conn, held.party_id) == canonical(conn, told.party_id) or (
        begun_for(conn, told.party_id) == held.request_id
    )
    if not same or held.kind is not told.kind:
        raise StateFault(
            f"{told.request_id[:60]!r} is the id of another request",
            remedy="make a new id for each request, and send it again only to repeat it",
            name="request-id-taken",
        )
    return held


def _on_server(replica: Shown) -> Shown:
    """Say of HQ's own copy what a database server leaves to its administrator."""
    if replica.kind is not ReplicaKind.HQ:
        return replica
    return msgspec.structs.replace(replica, note=ON_SERVER)


def _line(row: Row[Any], shown: Proof) -> ErasureLine:
    still = tuple(each.replica_id for each in shown.replicas if each.state.value in WAITS)
    return ErasureLine(
        row.request_id,
        row.party_id,
        row.begun_at,
        shown.due,
        shown.complete,
        shown.late,
        still,
    )


def _standing(conn: Connection, held: Erasure) -> Erasure:
    return standing_of_all(conn, [held])[held.request_id]
