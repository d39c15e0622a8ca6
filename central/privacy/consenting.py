"""May this be done, and what a new answer becomes: decided here for every channel and for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from sqlalchemy import Connection
from uuid_utils import uuid7

from agent.core.card_numbers import refuse_card_numbers
from agent.core.consent import (
    ANY,
    PURPOSES,
    Asked,
    ConsentRecord,
    Mark,
    Purpose,
    State,
    Verdict,
    check,
    reply,
    standings,
)
from agent.core.faults import InputFault, NotFoundFault
from agent.core.history.canonical import canonical_of
from agent.core.history.readings import of_consent
from agent.core.identifiers import ActorId, PartyId
from agent.core.recognition import normalise
from agent.core.recognition.means import IdentifierType
from central.identity.cards import publish_card
from central.identity.consents import marks_of_person, records_of_all
from central.identity.holding import find_all
from central.identity.interactions import record
from central.identity.objecting import keep_answer
from central.identity.parties import (
    canonical,
    canonicals,
    members_of,
    members_of_all,
    require_living,
)
from central.ledger.hq import BearWitness, known_here_alone
from central.privacy.suppressing import Token, suppressed

HQ = "hq"
"""Where an answer stands that staff wrote down."""
_REGION = "DE"

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Text = Annotated[str, msgspec.Meta(max_length=200)]


class MayI(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question before something is done with a person's data."""

    purpose: Word
    """`marketing`, `profiling`, `service` …"""
    contact: Word = ANY
    """`email`, `sms`, `phone`, `post` …; `any` of a use that needs no contact."""
    point: Text = ""
    """Which address or number of that contact, by the id records name it by; empty: any of them."""
    party_id: Text | None = None
    """Who: any id the person ever had …"""
    type: Text | None = None
    """… or an identifier: `email`, `phone`, `loyalty_card`, `web_account` …"""
    value: Text | None = None


class Allowed(msgspec.Struct, frozen=True):
    """Yes or no, with the reasons."""

    party_id: str
    """The id the person is shown under today."""
    verdict: Verdict


class AnswerGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person has answered, with its proof (ISO/IEC TS 27560:2023, 6.3)."""

    purpose: Word
    state: State
    """`given`, or a no: HQ makes of `refused` a withdrawal or an objection where it is one."""
    contact: Word = ANY
    point: Text = ""
    record_id: Text | None = None
    """UUIDv7 of the caller; the same again is kept once."""
    at: Text | None = None
    """UTC, ISO 8601; now where it is left out."""
    notice: Text = ""
    """The notice that was shown, with its version: `privacy@3`."""
    language: Text = ""
    jurisdiction: Text = ""
    method: Text = ""
    """`spoken`, `form`, `phone`, `web` …"""
    channel: Text = ""
    touch_point: Text = ""
    operator: Text | None = None
    """Who wrote it down; left out: the person themselves."""
    valid_until: Text = ""
    """The last day a yes is good for."""
    receipt_id: Text = ""
    lifting: bool = False
    """The person has expressly said that an earlier objection no longer holds."""


class ConsentsView(msgspec.Struct, frozen=True):
    """What a person has allowed and forbidden, over all their ids."""

    party_id: str
    standings: tuple[Verdict, ...]
    """Yes or no to everything that was answered, and to every described purpose as such."""
    records: tuple[ConsentRecord, ...]
    """The proof, as it was given, by id."""


def may_i(
    conn: Connection,
    asked: MayI,
    today: str,
    token: Token,
    purposes: Mapping[str, Purpose] = PURPOSES,
) -> Allowed:
    """Say whether something may be done.

    Args:
        conn: any transaction.
        asked: what is to be done, and with whom.
        today: the day.
        token: finds objections of somebody who was erased, by their contact points.
        purposes: what is known of purposes.

    Raises:
        NotFoundFault: nobody is known by that.
        InputFault: `nobody-named`, `bad-day`, or the identifier cannot be one.
    """
    found = _who(conn, asked)
    chosen = canonical(conn, canonical_of(found))
    # Of an address that several have, it is not known whose mail it is: the no of one binds.
    persons = members_of_all(conn, list(dict.fromkeys(canonicals(conn, sorted(found)).values())))
    marks = [mark for ids in persons.values() for mark in marks_of_person(conn, ids)]
    marks += suppressed(conn, [each for ids in persons.values() for each in ids], token)
    about = Asked(asked.purpose, asked.contact, asked.point)
    return Allowed(chosen, check(marks, about, today=today, purposes=purposes))


def consents_view(conn: Connection, any_id: str, today: str) -> ConsentsView:
    """Show everything a person has answered.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    chosen = canonical(conn, any_id)
    members = members_of(conn, chosen)
    records = records_of_all(conn, members)
    said = sorted((each for theirs in records.values() for each in theirs), key=_record_id)
    marks = marks_of_person(conn, members)
    return ConsentsView(chosen, standings(marks, today=today), tuple(said))


def answered(
    conn: Connection,
    any_id: str,
    given: AnswerGiven,
    now: str,
    bear_witness: BearWitness = known_here_alone,
) -> ConsentRecord:
    """Keep an answer in knowledge of all earlier ones, effective at once, and tell every till.

    Raises:
        NotFoundFault: no party ever had this id.
        InputFault: `bad-consent`, `card-number`.
        StateFault: `objection-stands`: the yes would have no effect; `party-erased`.
    """
    refuse_card_numbers({name: text for name, text in _texts(given) if name != "record_id"})
    chosen = canonical(conn, any_id)
    members = members_of(conn, chosen)
    if (known := _kept(conn, members, given.record_id)) is not None:
        return known
    require_living(conn, [any_id])
    marks: Sequence[Mark] = marks_of_person(conn, members)
    told = _record(PartyId(any_id), given, now)
    said = reply(told, marks, today=now[:10], lifting=given.lifting)
    keep_answer(conn, said, HQ, now)
    happened = of_consent((HQ, 0), said)
    if happened.interaction is not None:
        record(conn, said.party_id, happened.interaction, now)
    publish_card(conn, chosen)
    bear_witness(conn, said)
    return said


def _who(conn: Connection, asked: MayI) -> frozenset[PartyId]:
    """Give whom a question is about: by an identifier, everybody it names."""
    if asked.party_id is not None:
        return frozenset({canonical(conn, asked.party_id)})
    if asked.type is None or asked.value is None:
        raise InputFault(
            "nobody is named",
            remedy='send "party_id", or "type" and "value" of an identifier',
            name="nobody-named",
        )
    identifier = normalise(_type(asked.type), asked.value, _REGION)
    found = find_all(conn, [identifier])
    if not found:
        raise NotFoundFault(
            f"nobody is known by this {identifier.type.value}",
            remedy="do not use it for anything that needs a yes: nobody has given one",
            name="no-such-party",
        )
    return found


def _type(text: str) -> IdentifierType:
    try:
        return IdentifierType(text)
    except ValueError as error:
        raise InputFault(
            f"{text!r} is no type of identifier",
            remedy=f"use one of: {', '.join(each.value for each in IdentifierType)}",
            name="no-such-type",
        ) from error


def _kept(
    conn: Connection, members: Sequence[PartyId], record_id: str | None
) -> ConsentRecord | None:
    if record_id is None:
        return None
    held = records_of_all(conn, members).values()
    return next((each for theirs in held for each in theirs if each.record_id == record_id), None)


def _record(party_id: PartyId, given: AnswerGiven, now: str) -> ConsentRecord:
    return ConsentRecord(
        record_id=given.record_id or str(uuid7()),
        party_id=party_id,
        purpose=given.purpose,
        state=given.state,
        at=given.at or now,
        contact=given.contact,
        point=given.point,
        notice=given.notice,
        language=given.language,
        jurisdiction=given.jurisdiction,
        method=given.method,
        channel=given.channel or HQ,
        touch_point=given.touch_point,
        operator=None if given.operator is None else ActorId(given.operator),
        valid_until=given.valid_until,
        receipt_id=given.receipt_id,
        source=HQ,
    )


def _texts(given: AnswerGiven) -> list[tuple[str, str]]:
    values = msgspec.structs.asdict(given).items()
    return [(name, text) for name, text in values if isinstance(text, str)]


def _record_id(record: ConsentRecord) -> str:
    return record.record_id
