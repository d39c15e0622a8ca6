"""Parties in the directory: a card each, found by the tokens of their identifiers.

Functions of a connection; whoever calls them owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

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
    rows = conn.execute(
        "SELECT party_id, local FROM tokens LEFT JOIN parties USING (party_id) WHERE token = ?",
        (token(identifier),),
    ).fetchall()
    what = _WORDS[identifier.type]
    confirmed = [party for party, local in rows if local == 0]
    held = confirmed or [party for party, local in rows if local is not None]
    if len(held) == 1:
        return Found(PartyId(held[0]), identifier, _found(what, confirmed=bool(confirmed)))
    if held:
        return KnownElsewhere((f"{len(held)} customers share this {what}: ask for their card",))
    if rows:
        return KnownElsewhere((f"this {what} is known at HQ, but its customer is not held here",))
    return Unknown((f"nobody known here has this {what}",))


def card(conn: Connection, party_id: str) -> Card | None:
    """Give a party's card, from HQ or made here."""
    row = conn.execute("SELECT card FROM parties WHERE party_id = ?", (party_id,)).fetchone()
    return None if row is None else _decode(row[0])


def put(conn: Connection, party_id: str, body: Card, tokens: Sequence[str]) -> None:
    """Keep what HQ says of a party; all it had here before is replaced."""
    _store(conn, party_id, body, local=0)
    conn.execute("DELETE FROM tokens WHERE party_id = ?", (party_id,))
    _add_tokens(conn, party_id, tokens)


def put_local(conn: Connection, body: Card, tokens: Sequence[str]) -> None:
    """Keep a party enrolled here until HQ says more; HQ's own card is never replaced."""
    held = conn.execute("SELECT local FROM parties WHERE party_id = ?", (body.party_id,)).fetchone()
    if held is None or held[0]:
        _store(conn, body.party_id, body, local=1)
    _add_tokens(conn, body.party_id, tokens)


def withdraw(conn: Connection, party_id: str) -> None:
    """Drop the card, but keep the tokens: the till still knows that HQ knows the person."""
    conn.execute("DELETE FROM parties WHERE party_id = ?", (party_id,))


def erase(conn: Connection, party_id: str) -> None:
    """Forget a party wholly."""
    withdraw(conn, party_id)
    conn.execute("DELETE FROM tokens WHERE party_id = ?", (party_id,))


def _found(what: str, *, confirmed: bool) -> tuple[str, ...]:
    told = (f"this {what} belongs to one customer",)
    return told if confirmed else (*told, "enrolled at this store and not yet confirmed by HQ")


def _store(conn: Connection, party_id: str, body: Card, local: int) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO parties (party_id, local, card) VALUES (?, ?, ?)",
        (party_id, local, _encode(body)),
    )


def _add_tokens(conn: Connection, party_id: str, tokens: Sequence[str]) -> None:
    conn.executemany(
        "INSERT OR IGNORE INTO tokens (token, party_id) VALUES (?, ?)",
        [(one, party_id) for one in tokens],
    )
