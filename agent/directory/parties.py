"""Parties in the directory: a sealed card each, found and opened by what a customer presents.

Functions of a connection; whoever calls them owns the transaction. What HQ says of a party and what
was given here are rows of their own (`local`): HQ's opens with HQ's key, the other with the till's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from agent.core.exchange.people_rows import (
    BEGINNING_BYTES,
    beginnings,
    closed,
    id_of,
    key_of,
    slot_of,
    slots_of,
    written,
)
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

_HOLDERS = """SELECT party, local, ver, name, rest, slots, scope, generation
    FROM found_by JOIN people ON people.id = person JOIN generations ON generations.id = seal
    WHERE token = ?"""
_OF_PARTY = "SELECT id, local, slots FROM people WHERE tail = substr(?1, -4) AND party = ?1"
_GENERATIONS = "SELECT DISTINCT scope, generation FROM generations ORDER BY scope, generation"
# In the place of the row before: `people_by_id` stays as it is, and its page clean.
_PUT = """INSERT INTO people (id, party, local, seal, ver, told, slots, name, rest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET seal = excluded.seal,
    ver = excluded.ver, told = excluded.told, slots = excluded.slots, name = excluded.name,
    rest = excluded.rest"""
_FIND_BY = "INSERT OR IGNORE INTO found_by (token, person) VALUES (?, ?)"
_FIND_NO_MORE = "DELETE FROM found_by WHERE token = ? AND person = ?"
_WITHDRAW = """UPDATE people SET name = NULL, rest = NULL, local = 0, slots = ?, seal = ?
    WHERE id = ?"""
_SEALED_FOR = """SELECT scope, generation FROM people JOIN generations ON generations.id = seal
    WHERE people.id = ?"""

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


class _Held(NamedTuple):
    """A row that an identifier has found, with the slot it was found by."""

    party: PartyId
    local: int
    is_held: bool
    slot: Slot
    card: SealedCard


class _Row(NamedTuple):
    id: int
    local: int
    slots: bytes


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
    confirmed = {row.party: row.slot.layer for row in rows if row.is_held and not row.local}
    held = confirmed or {row.party: row.slot.layer for row in rows if row.is_held}
    if len(held) == 1:
        ((party, layer),) = held.items()
        strength = _strength(identifier, layer)
        return Found(party, identifier, _found(what, confirmed=bool(confirmed)), strength)
    if held:
        return KnownElsewhere((f"{len(held)} customers share this {what}: ask for their card",))
    if rows or (identifier.type in FILTERED and filters.knows(conn, presented)):
        return KnownElsewhere((f"this {what} is known at HQ, but its customer is not held here",))
    return Unknown((f"nobody known here has this {what}",))


def _holders(conn: Connection, one: Presented) -> list[_Held]:
    """Find the rows of a token: those sealed for its scope, and those of who is not held."""
    rows = conn.execute(_HOLDERS, (one.token[:BEGINNING_BYTES],)).fetchall()
    found = []
    for party, local, ver, name, rest, slots, *sealed_for in rows:
        slot = slot_of(slots, one.token)
        is_held = name is not None
        if slot is None or (is_held and sealed_for != [one.key.scope, one.key.generation]):
            continue
        found.append(_Held(id_of(party), local, is_held, slot, SealedCard(ver, name, rest)))
    return found


def _strength(identifier: Identifier, layer: Layer) -> Strength | None:
    """Say what the seal vouches for; of a card number that opens all that it is one of ours."""
    if layer is Layer.WHOLE:
        is_card = identifier.type is IdentifierType.LOYALTY_CARD
        return Strength.STRONG if is_card else None
    return _VOUCHED[layer]


def holds(conn: Connection, party_id: str) -> bool:
    """Tell whether a party's card is here, whether it can be opened now or not."""
    query = "SELECT 1 FROM people WHERE tail = substr(?1, -4) AND party = ?1 AND name IS NOT NULL"
    return conn.execute(query, (key_of(party_id),)).fetchone() is not None


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
    rows = [row for row in _holders(conn, one) if row.is_held and row.party == party_id]
    found = ((row.local, _open(row, one)) for row in rows)
    return [(local, opened) for local, opened in found if opened is not None]


def _others(conn: Connection, party_id: str, one: Presented) -> list[tuple[str, Opened]]:
    rows = [row for row in _holders(conn, one) if row.is_held and row.party != party_id]
    found = ((row.party, _open(row, one)) for row in rows if not row.local)
    return [(other, opened) for other, opened in found if opened is not None]


def _open(row: _Held, one: Presented) -> Opened | None:
    try:
        return open_card(uses_of(one.key), row.party, row.card, row.slot, one.stretched)
    except CardUnreadable:
        return None


def put(conn: Connection, scope: str, people: Mapping[str, SealedRow]) -> None:
    """Keep what HQ says of parties, by their ids; all that was here before is replaced.

    A page is written as a whole: statements for each party apart would take ten times as long.
    """
    last = conn.execute("SELECT coalesce(max(id), 0) FROM people").fetchone()[0]
    seals = {
        generation: seal_of(conn, scope, generation)
        for generation in {row.generation for row in people.values()}
    }
    rows, before, after = [], set[tuple[bytes, int]](), set[tuple[bytes, int]]()
    for name, row in people.items():
        held = _rows(conn, name)
        _drop(conn, [one for one in held if one.local])
        known = next((one for one in held if not one.local), None)
        number = known.id if known else (last := last + 1)
        slots = written(row.card.slots)
        rows.append((number, key_of(name), 0, seals[row.generation], *_columns(row, slots)))
        before |= {(token, number) for token in beginnings(known.slots if known else b"")}
        after |= {(token, number) for token in beginnings(slots)}
    conn.executemany(_FIND_NO_MORE, sorted(before - after))
    conn.executemany(_PUT, rows)
    conn.executemany(_FIND_BY, sorted(after - before))
    conn.executemany("DELETE FROM gone WHERE party = ?", [(key_of(name),) for name in people])


def seal_of(conn: Connection, scope: str, generation: int) -> int:
    """Give the number under which rows of a scope and generation are kept now."""
    values = (scope, generation)
    query = "SELECT id FROM generations WHERE scope = ? AND generation = ? AND stale = 0"
    row = conn.execute(query, values).fetchone()
    if row is None:
        note = "INSERT INTO generations (scope, generation) VALUES (?, ?) RETURNING id"
        row = conn.execute(note, values).fetchone()
    return int(row[0])


def told(conn: Connection, party_id: str) -> int:
    """Give HQ's version of the card that is held of a party; 0 where none of HQ's is."""
    query = """SELECT told FROM people
        WHERE tail = substr(?1, -4) AND party = ?1 AND local = 0 AND name IS NOT NULL"""
    row = conn.execute(query, (key_of(party_id),)).fetchone()
    return 0 if row is None else int(row[0])


def put_local(conn: Connection, party_id: str, generation: int, sealed: SealedCard) -> None:
    """Keep what was given here of a party until HQ says more; HQ's own card stays beside it.

    Of two enrolments under one id the later card counts, and the identifiers of both find it: the
    slots of the earlier open nothing any more, but still say whose they are.
    """
    before = next((row for row in _rows(conn, party_id) if row.local), None)
    new = {slot.token for slot in sealed.slots}
    kept = slots_of(closed(before.slots)) if before else []
    slots = (*sealed.slots, *(slot for slot in kept if slot.token not in new))
    seal = seal_of(conn, LOCAL, generation)
    values = (key_of(party_id), 1, seal, sealed.ver, 0, written(slots), sealed.name, sealed.rest)
    number = None if before is None else before.id
    row = conn.execute(f"{_PUT} RETURNING id", (number, *values)).fetchone()
    conn.executemany(_FIND_BY, [(token, *row) for token in beginnings(written(slots))])


def withdraw(conn: Connection, party_id: str) -> None:
    """Drop the card, but keep the tokens: the till still knows that HQ knows the person."""
    rows = _rows(conn, party_id)
    if any(not row.local for row in rows):
        _drop(conn, [row for row in rows if row.local])
    for row in rows:
        # By a new number, where the scope was begun anew: they are known still.
        seal = seal_of(conn, *conn.execute(_SEALED_FOR, (row.id,)).fetchone())
        conn.execute(_WITHDRAW, (closed(row.slots), seal, row.id))


def erase(conn: Connection, party_id: str) -> None:
    """Forget a party wholly."""
    _drop(conn, _rows(conn, party_id))


def drop(conn: Connection, numbers: Iterable[int]) -> None:
    """Take rows out, with all that finds them."""
    query = "SELECT id, local, slots FROM people WHERE id = ?"
    _drop(conn, [_Row(*conn.execute(query, (number,)).fetchone()) for number in numbers])


def _found(what: str, *, confirmed: bool) -> tuple[str, ...]:
    told = (f"this {what} belongs to one customer",)
    return told if confirmed else (*told, "enrolled at this store and not yet confirmed by HQ")


def _columns(row: SealedRow, slots: bytes) -> tuple[object, ...]:
    return (row.card.ver, row.told, slots, row.card.name, row.card.rest)


def _rows(conn: Connection, party_id: str) -> list[_Row]:
    return [_Row(*row) for row in conn.execute(_OF_PARTY, (key_of(party_id),)).fetchall()]


def _drop(conn: Connection, rows: Iterable[_Row]) -> None:
    for row in rows:
        tokens = [(token, row.id) for token in beginnings(row.slots)]
        conn.executemany(_FIND_NO_MORE, tokens)
        conn.execute("DELETE FROM people WHERE id = ?", (row.id,))
