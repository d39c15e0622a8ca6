"""Parties in the directory: a sealed card each, found and opened by what a customer presents.

Functions of a connection; whoever calls them owns the transaction. What HQ says of a party and what
was given here are rows of their own (`local`): HQ's opens with HQ's key, the other with the till's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from agent.core.exchange.sealed_rows import card_from
from agent.core.exchange.wire import SealedRow
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.privacy import (
    FILTERED,
    CardUnreadable,
    Layer,
    Opened,
    SealedCard,
    Slot,
    open_card,
)
from agent.core.recognition import (
    Answer,
    Found,
    Identifier,
    IdentifierType,
    KnownElsewhere,
    Strength,
    Unknown,
)
from agent.directory import filters
from agent.directory.keyring import LOCAL, uses_of
from agent.directory.presenting import Presented
from agent.directory.schema import Connection

_HOLDERS = """SELECT party_id, local, name IS NOT NULL, layer
    FROM found_by JOIN people ON people.id = found_by.person
    WHERE token = ? AND (name IS NULL OR (scope = ? AND generation = ?))"""
_SLOTS = """SELECT local, ver, name, rest, layer, key
    FROM found_by JOIN people ON people.id = found_by.person
    WHERE token = ? AND party_id = ? AND scope = ? AND generation = ? AND name IS NOT NULL"""
_OTHERS = """SELECT party_id, ver, name, rest, layer, key
    FROM found_by JOIN people ON people.id = found_by.person
    WHERE token = ? AND party_id <> ? AND scope = ? AND generation = ? AND local = 0
    AND name IS NOT NULL"""
_GENERATIONS = "SELECT scope, generation FROM generations ORDER BY scope, generation"
_NOTE_GENERATION = "INSERT OR IGNORE INTO generations (scope, generation) VALUES (?, ?)"
_NEW_PERSON = """INSERT OR REPLACE INTO people
    (id, party_id, local, scope, generation, ver, name, rest, told)
    VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)"""
_NEW_SLOT = "INSERT OR REPLACE INTO found_by (token, person, layer, key) VALUES (?, ?, ?, ?)"

# What is said names the type only: an identifier has no place in events and logs (P9).
_WORDS = {
    IdentifierType.LOYALTY_CARD: "loyalty card",
    IdentifierType.PHONE: "phone number",
    IdentifierType.EMAIL: "e-mail address",
    IdentifierType.WEB_ACCOUNT: "web account",
    IdentifierType.ORDER_NO: "order number",
    IdentifierType.RECEIPT_NO: "receipt number",
    IdentifierType.WALLET: "wallet pass",
    IdentifierType.PAR: "payment account",
    IdentifierType.NAME_POSTCODE: "name and postcode",
}
_VOUCHED = {Layer.NAME: Strength.WEAK, Layer.NOTHING: Strength.ASKS}


def generations(conn: Connection) -> list[tuple[str, int]]:
    """List the scopes and generations that rows are sealed for."""
    return [tuple(row) for row in conn.execute(_GENERATIONS).fetchall()]


def find(conn: Connection, identifier: Identifier, presented: Sequence[Presented]) -> Answer:
    """Say whose identifier it is: one party's, nobody's, or one this till cannot tell.

    A party that HQ has confirmed goes before one enrolled here under the same identifier. Two
    confirmed parties with one identifier share it (a household's phone): it decides nothing. Whom
    nobody held here is, the chain may know: its filter says so, and errs less than once in 100.
    """
    rows = [row for one in presented for row in _holders(conn, one)]
    what = _WORDS[identifier.type]
    confirmed = {party: layer for party, local, is_held, layer in rows if is_held and not local}
    held = confirmed or {party: layer for party, _, is_held, layer in rows if is_held}
    if len(held) == 1:
        ((party, layer),) = held.items()
        strength = _strength(identifier, Layer(layer))
        return Found(PartyId(party), identifier, _found(what, confirmed=bool(confirmed)), strength)
    if held:
        return KnownElsewhere((f"{len(held)} customers share this {what}: ask for their card",))
    if rows or (identifier.type in FILTERED and filters.knows(conn, presented)):
        return KnownElsewhere((f"this {what} is known at HQ, but its customer is not held here",))
    return Unknown((f"nobody known here has this {what}",))


def _holders(conn: Connection, one: Presented) -> list[tuple[str, int, int, int]]:
    query = (one.token, one.key.scope, one.key.generation)
    rows: list[tuple[str, int, int, int]] = conn.execute(_HOLDERS, query).fetchall()
    return rows


def _strength(identifier: Identifier, layer: Layer) -> Strength | None:
    """Say what the seal vouches for; of a card number that opens all that it is one of ours."""
    if layer is Layer.WHOLE:
        is_card = identifier.type is IdentifierType.LOYALTY_CARD
        return Strength.STRONG if is_card else None
    return _VOUCHED[layer]


def holds(conn: Connection, party_id: str) -> bool:
    """Tell whether a party's card is here, whether it can be opened now or not."""
    query = "SELECT 1 FROM people WHERE party_id = ? AND name IS NOT NULL"
    return conn.execute(query, (party_id,)).fetchone() is not None


def card(conn: Connection, party_id: PartyId, presented: Iterable[Presented]) -> Card | None:
    """Open a party's card as far as what was presented goes; HQ's before the one made here.

    Returns:
        None where no card is here, or nothing that was presented opens it. Of somebody whose id
        HQ has merged with another it is the card of that one, which names this id as a member.
    """
    shown = list(presented)
    opened = [found for one in shown for found in _opened(conn, party_id, one)]
    opened.sort(key=lambda each: (each[0], -each[1].layer))
    cards = [(local, card) for local, each in opened if (card := _read(party_id, each))]
    if cards and cards[0][0] == 0:
        return cards[0][1]
    # Another's card is this one's only if it says so: many may be found by one phone number.
    others = [found for one in shown for found in _others(conn, party_id, one)]
    read = (_read(other, each) for other, each in others)
    joined = next((card for card in read if card and party_id in card.members), None)
    return joined or next((card for _, card in cards), None) or _heir(conn, party_id, others)


def _heir(conn: Connection, party_id: str, others: Sequence[tuple[str, Opened]]) -> Card | None:
    """Open of who was withdrawn what the same weak number opens now, if one alone has it.

    It opens a name, and not whom HQ has merged into the card; presented again, it would open this.
    """
    holders = dict(others)
    if len(holders) != 1 or holds(conn, party_id):
        return None
    ((other, opened),) = holders.items()
    return _read(other, opened) if opened.layer is Layer.NAME else None


def _read(party_id: str, opened: Opened) -> Card | None:
    try:
        return card_from(PartyId(party_id), opened)
    except msgspec.MsgspecError:
        return None  # Of a later version: HQ's next one may be read.


def _opened(conn: Connection, party_id: str, one: Presented) -> list[tuple[int, Opened]]:
    query = (one.token, party_id, one.key.scope, one.key.generation)
    rows = conn.execute(_SLOTS, query).fetchall()
    found = ((local, _open(party_id, one, row)) for local, *row in rows)
    return [(local, opened) for local, opened in found if opened is not None]


def _others(conn: Connection, party_id: str, one: Presented) -> list[tuple[str, Opened]]:
    query = (one.token, party_id, one.key.scope, one.key.generation)
    rows = conn.execute(_OTHERS, query).fetchall()
    found = ((other, _open(other, one, row)) for other, *row in rows)
    return [(other, opened) for other, opened in found if opened is not None]


def _open(party_id: str, one: Presented, row: Sequence[Any]) -> Opened | None:
    ver, name, rest, layer, key = row
    sealed, slot = SealedCard(ver, name, rest), Slot(one.token, Layer(layer), key)
    try:
        return open_card(uses_of(one.key), party_id, sealed, slot, one.stretched)
    except CardUnreadable:
        return None


def put(conn: Connection, scope: str, people: Mapping[str, SealedRow]) -> None:
    """Keep what HQ says of parties, by their ids; all that was here before is replaced.

    A page is written as a whole: statements for each party apart would take ten times as long.
    """
    _drop_local(conn, people)
    known = _numbers(conn, people)
    last = conn.execute("SELECT coalesce(max(id), 0) FROM people").fetchone()[0]
    new = (name for name in people if name not in known)
    numbers = known | {name: number for number, name in enumerate(new, last + 1)}
    conn.executemany(
        "DELETE FROM found_by WHERE person = ?", [(number,) for number in known.values()]
    )
    conn.executemany(
        _NEW_PERSON,
        [(numbers[name], name, scope, *_columns(row)) for name, row in people.items()],
    )
    conn.executemany(
        _NEW_SLOT,
        sorted(
            (slot.token, numbers[name], slot.layer, slot.key)
            for name, row in people.items()
            for slot in row.card.slots
        ),
    )
    sealed_for = {(scope, row.generation) for row in people.values()}
    conn.executemany(_NOTE_GENERATION, sorted(sealed_for))


def told(conn: Connection, party_id: str) -> int:
    """Give HQ's version of the card that is held of a party; 0 where none of HQ's is."""
    query = "SELECT told FROM people WHERE party_id = ? AND local = 0 AND name IS NOT NULL"
    row = conn.execute(query, (party_id,)).fetchone()
    return 0 if row is None else int(row[0])


def put_local(conn: Connection, party_id: str, generation: int, sealed: SealedCard) -> None:
    """Keep what was given here of a party until HQ says more; HQ's own card stays beside it.

    Of two enrolments under one id the later card counts, and the identifiers of both find it: the
    slots of the earlier open nothing any more, but still say whose they are.
    """
    row = conn.execute(
        "SELECT id FROM people WHERE party_id = ? AND local = 1", (party_id,)
    ).fetchone()
    values = (party_id, LOCAL, generation, sealed.ver, sealed.name, sealed.rest)
    if row is not None:
        conn.execute("DELETE FROM people WHERE id = ?", row)
        conn.execute("UPDATE found_by SET layer = 0, key = x'' WHERE person = ?", row)
    number = conn.execute(
        "INSERT INTO people (id, party_id, local, scope, generation, ver, name, rest) "
        "VALUES (?, ?, 1, ?, ?, ?, ?, ?) RETURNING id",
        (None if row is None else row[0], *values),
    ).fetchone()[0]
    slots = [(slot.token, number, slot.layer, slot.key) for slot in sealed.slots]
    conn.executemany(_NEW_SLOT, slots)
    conn.execute(_NOTE_GENERATION, (LOCAL, generation))


def withdraw(conn: Connection, party_id: str) -> None:
    """Drop the card, but keep the tokens: the till still knows that HQ knows the person."""
    if conn.execute(
        "SELECT 1 FROM people WHERE party_id = ? AND local = 0", (party_id,)
    ).fetchone():
        _drop_local(conn, [party_id])
    conn.execute(
        "UPDATE found_by SET layer = 0, key = x'' "
        "WHERE person IN (SELECT id FROM people WHERE party_id = ?)",
        (party_id,),
    )
    conn.execute(
        "UPDATE people SET name = NULL, rest = NULL, local = 0 WHERE party_id = ?", (party_id,)
    )


def erase(conn: Connection, party_id: str) -> None:
    """Forget a party wholly."""
    conn.execute(
        "DELETE FROM found_by WHERE person IN (SELECT id FROM people WHERE party_id = ?)",
        (party_id,),
    )
    conn.execute("DELETE FROM people WHERE party_id = ?", (party_id,))


def _found(what: str, *, confirmed: bool) -> tuple[str, ...]:
    told = (f"this {what} belongs to one customer",)
    return told if confirmed else (*told, "enrolled at this store and not yet confirmed by HQ")


def _columns(row: SealedRow) -> tuple[object, ...]:
    return (row.generation, row.card.ver, row.card.name, row.card.rest, row.told)


def _drop_local(conn: Connection, people: Iterable[str]) -> None:
    query = """SELECT id FROM people
        WHERE local = 1 AND party_id IN (SELECT value FROM json_each(?))"""
    gone = conn.execute(query, (_listed(people),)).fetchall()
    conn.executemany("DELETE FROM found_by WHERE person = ?", gone)
    conn.executemany("DELETE FROM people WHERE id = ?", gone)


def _numbers(conn: Connection, people: Iterable[str]) -> dict[str, int]:
    query = """SELECT party_id, id FROM people
        WHERE local = 0 AND party_id IN (SELECT value FROM json_each(?))"""
    return dict(conn.execute(query, (_listed(people),)).fetchall())


def _listed(names: Iterable[str]) -> str:
    listed: Sequence[str] = list(names)
    return msgspec.json.encode(listed).decode()
