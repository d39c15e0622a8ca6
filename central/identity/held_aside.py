"""Events of channels that nobody could use and that hold a person all the same: found, cleared.

They name no party, for nothing was made of them. So they are looked through for what the person is
known by: addresses and numbers, in whatever way they are written, and names in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, select, update

from agent.core.consent.erasure import Holding
from agent.core.consent.retention import DataClass
from agent.core.recognition.means import IdentifierType
from central.identity.attributes import words_of_all
from central.identity.known_by import known_by
from central.identity.nameless import nameless
from central.ledger.customer_tables import CHANNEL_EVENTS

ASIDE = "quarantined"
"""Outcome of an event that was set aside."""
_NAMED = ("name",)
_CHARACTERS_MIN = 5
"""A shorter word is in too many texts."""
_DIGITS = re.compile(r"\d+", re.ASCII)
_BETWEEN = re.compile(r"(?<=\d)[\s()/.-]+(?=\d)", re.ASCII)
_DIGITS_MIN, _DIGITS_KEPT = 8, 9
"""Of a phone number: what every way of writing it ends with."""
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
"""A letter as JSON may write it (RFC 8259, section 7)."""
_CLEARED = "cleared: it held somebody who is erased"


class _Traces(msgspec.Struct, frozen=True):
    """What a person is found by in a text."""

    words: frozenset[str]
    endings: frozenset[str]
    """Of phone numbers."""

    def are_in(self, text: str) -> bool:
        """Tell whether one of them stands in a text."""
        plain = text.casefold()
        if any(word in plain for word in self.words):
            return True
        numbers = _DIGITS.findall(_BETWEEN.sub("", plain)) if self.endings else ()
        return any(each.endswith(end) for each in numbers for end in self.endings)


def aside(conn: Connection, parties: Sequence[str]) -> Iterator[Holding]:
    """List the events that were set aside and hold one of these persons."""
    traces = _traces(conn, parties)
    held = CHANNEL_EVENTS.c
    query = select(held.channel_id, held.event_id, held.body, held.reason)
    for row in conn.execute(query.where(held.outcome == ASIDE, held.party_id.is_(None))):
        if traces.are_in(f"{_text(row.body)}\n{row.reason or ''}"):
            yield Holding(f"aside/{row.channel_id}/{row.event_id}", DataClass.HISTORY)


def erase_aside(conn: Connection, keys: Sequence[str]) -> None:
    """Leave what an event says of an order, if it can be read, and nobody in it."""
    empty_events(conn, keys, {"reason": _CLEARED})


def empty_events(conn: Connection, keys: Sequence[str], values: Mapping[str, str | None]) -> None:
    """Take the person out of events of channels: what is said of an order stays.

    Args:
        conn: the erasing transaction.
        keys: channel and event id, with a slash between.
        values: what else changes in their rows.
    """
    held = CHANNEL_EVENTS.c
    for channel, event_id in (key.split("/", 1) for key in keys):
        same = (held.channel_id == channel) & (held.event_id == event_id)
        body = conn.execute(select(held.body).where(same)).scalar_one()
        row = {"body": nameless(body, event_id), **values}
        conn.execute(update(CHANNEL_EVENTS).where(same).values(row))


def _traces(conn: Connection, parties: Sequence[str]) -> _Traces:
    known = known_by(conn, parties)
    phones = {each.value for each in known if each.type is IdentifierType.PHONE}
    words = {each.value for each in known if each.type is not IdentifierType.PHONE}
    said = words_of_all(conn, list(parties)).values()
    words |= {word.value for theirs in said for word in theirs if word.field in _NAMED}
    long = (word.casefold() for word in (*words, *parties) if len(word) >= _CHARACTERS_MIN)
    digits = ("".join(_DIGITS.findall(each))[-_DIGITS_KEPT:] for each in phones)
    ends = frozenset(each for each in digits if len(each) >= _DIGITS_MIN)
    return _Traces(frozenset(long), ends)


def _text(body: bytes) -> str:
    """Give every text and number of a document, as a person reads them; or else the bytes."""
    try:
        return "\n".join(_leaves(msgspec.json.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), body.decode(errors="replace"))


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield str(value)
