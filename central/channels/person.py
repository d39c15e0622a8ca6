"""Who an event is about: the party its id or identifiers name, else a new one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection
from uuid_utils import uuid7

from agent.core.faults import InputFault
from agent.core.history.graph_found import Said
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType
from central.channels.told import PartyTold
from central.identity.attributes import consent, observe
from central.identity.holding import find, hold_told, is_called
from central.identity.parties import Origin, ensure, is_known

REGION = "DE"
"""Of phones without a country code, where the event names no country."""

WORD_CHARACTERS = 300
"""Of a name, an address: longer ones are a mistake, and more than a database looks up by."""

NewId = Callable[[], str]
_TRUSTED = frozenset({IdentifierType.WEB_ACCOUNT})
"""A channel gives these out itself."""
_PROVABLE = {
    "card": IdentifierType.LOYALTY_CARD,
    "web_account": IdentifierType.WEB_ACCOUNT,
    "email": IdentifierType.EMAIL,
    "phone": IdentifierType.PHONE,
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_party_id() -> str:
    """Make the id of a person HQ is the first to meet: a UUIDv7 (RFC 9562)."""
    return str(uuid7())


class Person(NamedTuple):
    """The party of an event, and what could not be used of what was told."""

    party_id: str | None
    notes: tuple[str, ...]


def person_of(
    conn: Connection, channel: str, told: PartyTold | str, origin: Origin, new_id: NewId
) -> Person:
    """Find or make the party, and keep what was told of it.

    Returns:
        The party, or nobody where nothing that was told names one.

    Raises:
        InputFault: a party id that is no UUID.
    """
    told = PartyTold(party_id=told) if isinstance(told, str) else told
    usable, notes = _usable(channel, told)
    party_id = _named(conn, told) or find(conn, usable, _said(told))
    if party_id is None and not usable:
        return Person(None, ("nothing in `party` names a person", *notes))
    party_id = party_id or new_id()
    ensure(conn, party_id, origin)
    said, long = _fitting(told)
    claimed = _claimed(conn, party_id, told)
    observe(conn, party_id, said, origin)
    consent(conn, party_id, told.consents, origin)
    anothers = hold_told(
        conn, party_id, usable, origin, trusted=_TRUSTED, proved=_proved(told), claimed=claimed
    )
    notes += [*long, *(anothers_note(each) for each in anothers)]
    return Person(party_id, tuple(notes))


def known_person(conn: Connection, channel: str, told: PartyTold | str) -> str | None:
    """Find the party of an event, and keep nothing of what was told of it.

    Raises:
        InputFault: a party id that is no UUID.
    """
    told = PartyTold(party_id=told) if isinstance(told, str) else told
    named = _named(conn, told)
    if named is not None:
        return named if is_known(conn, named) else None
    usable, _ = _usable(channel, told)
    return find(conn, usable, _said(told))


def _said(told: PartyTold) -> Said:
    return Said(name=told.name or "")


def _named(conn: Connection, told: PartyTold) -> str | None:
    """Take the id that was told, whoever it belongs to by now; one HQ has not met yet stays."""
    if told.party_id is None:
        return None
    party_id = told.party_id.lower()
    if not is_known(conn, party_id) and not _UUID.fullmatch(party_id):
        raise InputFault(
            f"{told.party_id[:40]!r} is no party id",
            remedy="send the UUID of a party, or identifiers: email, phone, card, web_account",
            name="bad-party",
        )
    return party_id


def _usable(channel: str, told: PartyTold) -> tuple[list[Identifier], list[str]]:
    """Normalise the identifiers, the strongest first; what cannot be read becomes a note."""
    usable: list[Identifier] = []
    notes: list[str] = []
    for kind, text in _identifiers(channel, told):
        try:
            usable.append(normalise(kind, text, told.country or REGION))
        except InputFault as fault:
            notes.append(f"{kind.value} not used: {fault.detail}")
    return usable, notes


def _fitting(told: PartyTold) -> tuple[dict[str, str | None], list[str]]:
    """Give what the person said; what nobody is called becomes a note, and an order is not lost."""
    said = {"name": told.name, "email": told.email, "phone": told.phone, "postcode": told.postcode}
    long = {name: len(text) for name, text in said.items() if text and len(text) > WORD_CHARACTERS}
    notes = [
        f"{name} left out: it has {count} characters, at most {WORD_CHARACTERS} are kept"
        for name, count in long.items()
    ]
    return {name: text for name, text in said.items() if name not in long}, notes


def _identifiers(channel: str, told: PartyTold) -> Iterator[tuple[IdentifierType, str]]:
    account = f"{channel}/{told.web_account.strip()}" if told.web_account else None
    for kind, text in (
        (IdentifierType.LOYALTY_CARD, told.card),
        (IdentifierType.WEB_ACCOUNT, account),
        (IdentifierType.EMAIL, told.email),
        (IdentifierType.PHONE, told.phone),
    ):
        if text and text.strip():
            yield kind, text


def _claimed(conn: Connection, party_id: str, told: PartyTold) -> frozenset[IdentifierType]:
    """Give what is somebody else's as likely as not: a couple has one account and two cards."""
    if told.card and told.name and not is_called(conn, party_id, told.name):
        return frozenset({IdentifierType.LOYALTY_CARD})
    return frozenset()


def _proved(told: PartyTold) -> frozenset[IdentifierType]:
    """Give what the channel says that the person has proved."""
    return frozenset(_PROVABLE[name] for name in told.verified if name in _PROVABLE)


def anothers_note(identifier: Identifier) -> str:
    """Say that an identifier is somebody else's, without repeating it."""
    return (
        f"{identifier.type.value} not linked: it names another party already; whether they are "
        "one person is asked under Merges of the console"
    )
