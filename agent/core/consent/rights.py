"""A person's request about their data, and the day by which it must be answered.

GDPR, Articles 12 and 15 to 21. A request is carried out only for whom it comes from: until somebody
has checked that, it waits, and its clock runs.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from agent.core.days import plus_months
from agent.core.faults import InputFault, StateFault
from agent.core.identifiers import ActorId, PartyId

MONTHS = 1
"""GDPR, Article 12(3): one month from receipt …"""
MONTHS_MORE = 2
"""… and two more, if the person is told why within the first."""


class Kind(StrEnum):
    """What is asked for."""

    ACCESS = "access"
    """Article 15."""
    RECTIFY = "rectify"
    """Article 16."""
    ERASE = "erase"
    """Article 17."""
    RESTRICT = "restrict"
    """Article 18."""
    PORTABILITY = "portability"
    """Article 20."""
    OBJECT = "object"
    """Article 21."""


class SubjectRequest(msgspec.Struct, frozen=True, omit_defaults=True, tag="subject.requested"):
    """One request. `side`, or HQ's own; personal, kept as proof that it was answered."""

    request_id: str
    """UUIDv7."""
    kind: Kind
    party_id: PartyId
    """As named; HQ takes everything of this person."""
    received: str
    """The day it reached the shop, on any channel."""
    at: str
    """UTC, ISO 8601; shown."""
    channel: str = ""
    touch_point: str = ""
    operator: ActorId | None = None
    """Who took it down; None: the person themselves."""
    verified_by: tuple[str, ...] = ()
    """How it was made sure that it is them: types of identifier or document, never their values."""
    extended: str = ""
    """Why two more months are needed, as the person was told; empty: they are not."""


def due(request: SubjectRequest) -> str:
    """Give the last day for the answer.

    A day that is no working day moves on to the next one by law (Regulation 1182/71, Article
    3(4)); holidays are not known here, so the earlier day is given.

    Raises:
        InputFault: `bad-day`: `received` is no day.
    """
    return plus_months(request.received, MONTHS + (MONTHS_MORE if request.extended else 0))


def is_late(request: SubjectRequest, today: str) -> bool:
    """Tell whether the day has passed without it having been answered.

    Raises:
        InputFault: `bad-day`.
    """
    return due(request) < today


def extend(request: SubjectRequest, *, reason: str, today: str) -> SubjectRequest:
    """Take two more months.

    Raises:
        InputFault: `reason-missing`; `bad-day`.
        StateFault: `too-late-to-extend`: the first month is over.
    """
    if not reason.strip():
        raise InputFault(
            "more time needs a reason",
            remedy="write the sentence the person is told",
            name="reason-missing",
        )
    if plus_months(request.received, MONTHS) < today:
        raise StateFault(
            f"the first month of the request of {request.received} is over",
            remedy="answer it now, and write down why it was late",
            name="too-late-to-extend",
        )
    return msgspec.structs.replace(request, extended=reason.strip())


def ready(request: SubjectRequest, kind: Kind) -> SubjectRequest:
    """Give the request back if it may be carried out.

    An objection binds whoever said it; it is obeyed at once.

    Raises:
        StateFault: `other-request`; `person-not-verified`: handing a person's data out, or deleting
            it, at a stranger's word would be the breach itself (Article 12(6)).
    """
    if request.kind is not kind:
        raise StateFault(
            f"the request is one to {request.kind.value}, not to {kind.value}",
            remedy="open the request it was meant for",
            name="other-request",
        )
    if kind is not Kind.OBJECT and not any(each.strip() for each in request.verified_by):
        raise StateFault(
            "nobody has checked yet that the request comes from the person it is about",
            remedy="ask for a second identifier or a document, and note its kind",
            name="person-not-verified",
        )
    return request
