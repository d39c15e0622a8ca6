"""One answer of a person about one use of their data: the record that proves it, and its mark.

A record is a fact: it is written once, carries what ISO/IEC TS 27560:2023, 6.3, asks for, and is
never changed. A later answer is another record that names the ones it replaces, because its
recorder saw them. So no clock decides which of two answers holds (P11): of answers that did not
know of each other the most restrictive does.

A mark is what of a record decides: no person, no place, no address. It is what a till holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from hashlib import sha256

import msgspec

from agent.core.consent.purposes import ANY
from agent.core.days import day
from agent.core.faults import InputFault
from agent.core.identifiers import ActorId, PartyId

SCHEMA = 1
"""Version of the record's shape (`schema_version`)."""
_TOLD_CHARACTERS = 24
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)


class State(StrEnum):
    """What was answered (`event_state`)."""

    GIVEN = "given"
    REFUSED = "refused"
    """Asked, and answered no."""
    WITHDRAWN = "withdrawn"
    """A yes taken back (GDPR, Article 7(3))."""
    OBJECTED = "objected"
    """A no to a use that asks no yes, and to everything like it (GDPR, Article 21). It outlives
    the merge of two customers and the undoing of it, and ends only by a yes that names it."""
    EXPIRED = "expired"
    """A yes that was given for a time, and the time is over."""


class ConsentRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="consent.recorded"):
    """An answer with its proof. `side`; personal, erasable."""

    record_id: str
    """UUIDv7, made where the answer was given (`record_id`)."""
    party_id: PartyId
    """As observed, never re-keyed (`pii_principal_id`)."""
    purpose: str
    """As in `purposes`; `any` of a no to everything."""
    state: State
    at: str
    """UTC, ISO 8601 (`event_time`): shown, never compared."""
    contact: str = ANY
    """`email`, `sms`, `phone`, `post`, `app` …, or `any`."""
    point: str = ""
    """Which address or number of that contact, by an id that says nothing; empty: all of them."""
    notice: str = ""
    """The notice that was shown, with its version: `privacy@3` (`privacy_notice`)."""
    language: str = ""
    """Of the notice as it was shown (BCP 47)."""
    jurisdiction: str = ""
    """ISO 3166-1 alpha-2, or `EU`."""
    method: str = ""
    """How it was said: `spoken`, `form`, `screen`, `web`, `phone`, `import` …
    (`collection_method`)."""
    channel: str = ""
    touch_point: str = ""
    """`store-0001/till-1`, `webshop` …"""
    operator: ActorId | None = None
    """Who wrote it down; None: the person themselves (`entity_id`)."""
    valid_until: str = ""
    """The last day a yes is good for; empty: until it is taken back (`validity_duration`)."""
    receipt_id: str = ""
    """Of the receipt the person was given."""
    replaces: tuple[str, ...] = ()
    """Ids of the records this answer was given in knowledge of, and puts an end to."""
    source: str = ""
    """The event behind it."""
    schema: int = SCHEMA


class Mark(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What of a record decides, and nothing of whom."""

    record_id: str
    purpose: str
    state: State
    contact: str = ANY
    point: str = ""
    valid_until: str = ""
    replaces: tuple[str, ...] = ()
    inherited: bool = False
    """Of a party this one was once taken for: counts while it is an objection, and no further."""


class Asked(msgspec.Struct, frozen=True):
    """What is asked: may this be done, over this contact point?"""

    purpose: str
    contact: str = ANY
    """`any`: a use that needs no contact, such as profiling."""
    point: str = ""
    """Empty: any one of that contact's."""


def mark_of(record: ConsentRecord, *, inherited: bool = False) -> Mark:
    """Take from a record what decides."""
    return Mark(
        record_id=record.record_id,
        purpose=record.purpose,
        state=record.state,
        contact=record.contact,
        point=record.point,
        valid_until=record.valid_until,
        replaces=record.replaces,
        inherited=inherited,
    )


def answer_mark(
    event: str,
    line: int,
    *,
    purpose: str,
    contact: str,
    given: bool,
    replaces: tuple[str, ...] = (),
) -> Mark:
    """Give the mark of an answer that has no record of its own: told on enrolling, or imported.

    Args:
        event: it was told in, unique over all channels.
        line: which answer of that event.
        purpose: asked about.
        contact: asked about, or `any`.
        given: yes or no.
        replaces: earlier answers of the same source, where that source tells them in its order.

    >>> answer_mark("e1", 0, purpose="marketing", contact="email", given=False).state.value
    'refused'
    """
    state = State.GIVEN if given else State.REFUSED
    return Mark(f"{event}#{line}", purpose, state, contact, replaces=replaces)


def told_event(
    party_id: str, source: str, at: str, *, purpose: str, contact: str, given: bool
) -> str:
    """Name an answer that has no record of its own, alike wherever it is known, and nobody by it.

    Args:
        party_id: who answered.
        source: where it was told: `store-0001/till-1`, a channel, or `import`.
        at: when, as it was written there.
        purpose: asked about.
        contact: asked about, or `any`.
        given: yes or no.
    """
    said = (party_id, source, at, purpose, contact, str(given))
    return "told/" + sha256("\0".join(said).encode()).hexdigest()[:_TOLD_CHARACTERS]


def checked(record: ConsentRecord) -> ConsentRecord:
    """Give a record back that can be kept; to be called before it is sealed.

    Raises:
        InputFault: `bad-consent`, with everything that is wrong with it, and none of its values
            that could be personal.
    """
    if wrong := "; ".join(_wrong(record)):
        raise InputFault(
            f"the consent cannot be recorded: {wrong}",
            remedy="correct the fields named and send the record again, under the same id",
            name="bad-consent",
        )
    return record


def _wrong(record: ConsentRecord) -> Iterator[str]:
    for field in ("record_id", "party_id", "at"):
        if not getattr(record, field).strip():
            yield f"`{field}` is empty"
    for field in ("purpose", "contact"):
        if not _WORD.fullmatch(getattr(record, field)):
            yield f"`{field}` is no word of a-z, 0-9, - and _, beginning with a letter"
    if record.point and record.contact == ANY:
        yield "`point` names one address, but `contact` is `any`"
    if record.state is State.GIVEN and record.purpose == ANY:
        yield "a yes needs one purpose (GDPR, Article 7(2)); only a no can be to `any`"
    if record.record_id in record.replaces:
        yield "`replaces` names the record itself"
    yield from _wrong_days(record)


def _wrong_days(record: ConsentRecord) -> Iterator[str]:
    if not record.valid_until:
        return
    if record.state is not State.GIVEN:
        yield "`valid_until` belongs to a yes"
    try:
        day(record.valid_until)
    except InputFault as fault:
        yield f"`valid_until`: {fault.detail}"


def lapsed(mark: Mark, today: str) -> bool:
    """Tell whether a yes was given for a time that is over, or for one that cannot be read.

    >>> lapsed(Mark("1", "marketing", State.GIVEN, valid_until="2026-11-21"), "2026-11-22")
    True
    """
    if not mark.valid_until:
        return False
    try:
        return day(mark.valid_until) < day(today)
    except InputFault:
        return True
