"""Parties in the directory: a card each, found by the tokens of their identifiers.

Functions of a connection; whoever calls them owns the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from agent.core.exchange.replica import Person, token_bytes
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import (
    Answer,
    Found,
    Identifier,
    IdentifierType,
    KnownElsewhere,
    Unknown,
    token,
)
from agent.directory.schema import Connection

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Card).decode
_HOLDERS = """SELECT party_id, people.local, card IS NOT NULL
    FROM found_by JOIN people ON people.id = found_by.person WHERE token = ?"""

# What is said names the type only: an identifier has no place in events and logs (P9).
_WORDS = {
    IdentifierType.LOYALTY_CARD: "loyalty card",
    IdentifierType.PHONE: "phone number",
    IdentifierType.EMAIL: "e-mail address",
    IdentifierType.WEB_ACCOUNT: "web account",
    IdentifierType.ORDER_NO: "order number",
    IdentifierType.RECEIPT_NO: "receipt number",
}


def find(conn: Connection, identifier: Identifier) -> Answer:
    """Say whose identifier it is: one party's, nobody's, or one this till cannot tell.

    A party that HQ has confirmed goes before one enrolled here under the same identifier. Two
    confirmed parties with one identifier share it (a household's phone): it decides nothing.
    """
    rows = conn.execute(_HOLDERS, (bytes.fromhex(token(identifier)),)).fetchall()
    what = _WORDS[identifier.type]
    confirmed = [party for party, local, is_held in rows if is_held and not local]
    held = confirmed or [party for party, _, is_held in rows if is_held]
    if len(held) == 1:
        return Found(PartyId(held[0]), identifier, _found(what, confirmed=bool(confirmed)))
    if held:
        return KnownElsewhere((f"{len(held)} customers share this {what}: ask for their card",))
    if rows:
        return KnownElsewhere((f"this {what} is known at HQ, but its customer is not held here",))
    return Unknown((f"nobody known here has this {what}",))


def card(conn: Connection, party_id: str) -> Card | None:
    """Give a party's card, from HQ or made here."""
    row = conn.execute("SELECT card FROM people WHERE party_id = ?", (party_id,)).fetchone()
    return None if row is None or row[0] is None else _decode(row[0])


def put(conn: Connection, people: Mapping[str, Person]) -> None:
    """Keep what HQ says of parties, by their ids; all it had here before is replaced.

    A page is written as a whole: statements for each party apart would take ten times as long. What
    stays as it is, as tokens mostly do, is not written.
    """
    known = _numbers(conn, people)
    last = conn.execute("SELECT coalesce(max(id), 0) FROM people").fetchone()[0]
    new = (name for name in people if name not in known)
    numbers = known | {name: number for number, name in enumerate(new, last + 1)}
    conn.executemany(
        "INSERT INTO people (id, party_id, local, card) VALUES (?, ?, 0, ?) "
        "ON CONFLICT (id) DO UPDATE SET local = 0, card = excluded.card",
        [(numbers[name], name, person.card) for name, person in people.items()],
    )
    held = _held_tokens(conn, list(known.values()))
    wanted = {(one, numbers[name]) for name, person in people.items() for one in person.tokens}
    conn.executemany("DELETE FROM found_by WHERE token = ? AND person = ?", held.keys() - wanted)
    conn.executemany(
        "INSERT OR REPLACE INTO found_by (token, person, local) VALUES (?, ?, 0)",
        sorted(one for one in wanted if held.get(one, 1)),
    )


def put_local(conn: Connection, body: Card, tokens: Sequence[str]) -> None:
    """Keep a party enrolled here until HQ says more; HQ's own card is never replaced."""
    row = conn.execute(
        "SELECT id, local, card IS NOT NULL FROM people WHERE party_id = ?", (body.party_id,)
    ).fetchone()
    is_hqs = row is not None and row[2] and not row[1]
    number = row[0] if is_hqs else _store(conn, body.party_id, _encode(body), local=1)
    _add_tokens(conn, number, token_bytes(tuple(tokens)), local=1)


def withdraw(conn: Connection, party_id: str) -> None:
    """Drop the card, but keep the tokens: the till still knows that HQ knows the person."""
    conn.execute("UPDATE people SET card = NULL, local = 0 WHERE party_id = ?", (party_id,))


def erase(conn: Connection, party_id: str) -> None:
    """Forget a party wholly."""
    row = conn.execute("SELECT id FROM people WHERE party_id = ?", (party_id,)).fetchone()
    if row is not None:
        conn.execute("DELETE FROM found_by WHERE person = ?", row)
        conn.execute("DELETE FROM people WHERE id = ?", row)


def _found(what: str, *, confirmed: bool) -> tuple[str, ...]:
    told = (f"this {what} belongs to one customer",)
    return told if confirmed else (*told, "enrolled at this store and not yet confirmed by HQ")


def _numbers(conn: Connection, people: Mapping[str, Person]) -> dict[str, int]:
    query = "SELECT party_id, id FROM people WHERE party_id IN (SELECT value FROM json_each(?))"
    return dict(conn.execute(query, (msgspec.json.encode(list(people)).decode(),)).fetchall())


def _held_tokens(conn: Connection, people: list[int]) -> dict[tuple[bytes, int], int]:
    """Give the tokens of people; 1 of one that was given here and HQ has not told of."""
    query = """SELECT token, person, local FROM found_by
        WHERE person IN (SELECT value FROM json_each(?))"""
    rows = conn.execute(query, (msgspec.json.encode(people).decode(),)).fetchall()
    return {(one, person): local for one, person, local in rows}


def _store(conn: Connection, party_id: str, body: bytes, local: int) -> int:
    number: int = conn.execute(
        "INSERT INTO people (party_id, local, card) VALUES (?, ?, ?) ON CONFLICT (party_id) "
        "DO UPDATE SET local = excluded.local, card = excluded.card RETURNING id",
        (party_id, local, body),
    ).fetchone()[0]
    return number


def _add_tokens(conn: Connection, person: int, tokens: Sequence[bytes], local: int) -> None:
    conn.executemany(
        "INSERT OR IGNORE INTO found_by (token, person, local) VALUES (?, ?, ?)",
        [(one, person, local) for one in tokens],
    )
