"""Applying HQ's feed: a page and the cursor behind it are one transaction.

Within a scope a key's version must grow; a key that HQ moves to another scope belongs to the
scope that put it last, whichever page comes first. A change that cannot be understood is kept with
its reason and holds up nothing (P6).

A new epoch, or a cursor that goes back, means that HQ's feed is another one (restored from a
backup): it is read from the start, everything in it counts anew, and what it does not bring again
is forgotten at its end, not before, so that the till goes on with what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from agent.core.exchange.cursors import PARTY_KEY, parse
from agent.core.exchange.replica import (
    DELETE,
    ERASE,
    PUT,
    Refused,
    item_of,
    moved_to,
    order_of,
    person_of,
    piece_of,
)
from agent.core.exchange.wire import FeedItem, FeedPage, SealedRow
from agent.directory import filters, items, orders, parties, rules, versions
from agent.directory.schema import Connection
from agent.directory.versions import ANY_OLDER


def cursor(conn: Connection, scope: str) -> str:
    """Tell how far a scope was applied; empty before the first page."""
    row = conn.execute("SELECT cursor FROM scopes WHERE scope = ?", (scope,)).fetchone()
    return "" if row is None else str(row[0])


def apply(conn: Connection, scope: str, page: FeedPage) -> list[str]:
    """Apply a page's changes in their order and move the scope's cursor.

    Returns:
        The keys that changed.

    Raises:
        InputFault: the page's cursor is none.
    """
    if _is_another_feed(cursor(conn, scope), page.cursor):
        reread(conn, scope)
    changed = _take_all(conn, scope, page.items)
    conn.execute(
        "INSERT INTO scopes (scope, cursor, seen) VALUES (?, ?, ?) ON CONFLICT (scope) "
        "DO UPDATE SET cursor = excluded.cursor, seen = max(seen, excluded.seen)",
        (scope, page.cursor, max((change.ver for change in page.items), default=ANY_OLDER)),
    )
    return changed if page.more else changed + _sweep(conn, scope)


def reread(conn: Connection, scope: str) -> None:
    """Read a scope from the start: any version counts as new until it has been read."""
    versions.begin_anew(conn, scope)
    conn.execute(
        "INSERT INTO scopes (scope, cursor, rereading) VALUES (?, '', 1) "
        "ON CONFLICT (scope) DO UPDATE SET cursor = '', rereading = 1, seen = -1",
        (scope,),
    )


def forget(conn: Connection, party_id: str) -> None:
    """Erase a person before the feed says so."""
    versions.note_forgotten(conn, party_id)
    parties.erase(conn, party_id)


def _is_another_feed(held: str, given: str) -> bool:
    before, after = parse(held), parse(given)
    return bool(held) and (before.epoch != after.epoch or after.fseq < before.fseq)


def _take_all(conn: Connection, scope: str, changes: Sequence[FeedItem]) -> list[str]:
    """Apply changes in their order; parties that follow one another are written together."""
    held, changed = versions.last_told(conn, changes), []
    together: dict[str, tuple[FeedItem, SealedRow]] = {}
    for change in changes:
        is_party = change.op == PUT and change.key.startswith(PARTY_KEY)
        if not is_party or change.key in together:
            _put_people(conn, scope, together)
        before = held.get(change.key)
        if before is not None and not _counts(change, scope, *before):
            continue
        try:
            if is_party:
                person = _person(change)
                if before is not None and _is_past(conn, change, person, scope, before):
                    continue
                together[change.key] = (change, person)
            else:
                _do(conn, change)
        except (Refused, msgspec.MsgspecError) as problem:
            _refuse(conn, scope, change, str(problem))
            continue
        if not is_party:
            _note(conn, scope, [change])
        held[change.key] = (scope, change.ver, change.op)
        changed.append(change.key)
    _put_people(conn, scope, together)
    return changed


def _person(change: FeedItem) -> SealedRow:
    if change.key == PARTY_KEY:
        raise Refused(f"{change.op!r} of {change.key!r} is not known to this version")
    return person_of(change)


def _is_past(
    conn: Connection, change: FeedItem, person: SealedRow, scope: str, held: tuple[str, int, str]
) -> bool:
    """Tell whether another scope has told something newer of a person who moved there.

    A page of the scope they left may have been under way: it would put them back, and the next
    one take them out of the scope they are in.
    """
    held_scope, held_ver, held_op = held
    if held_scope == scope or held_op != PUT or held_ver == ANY_OLDER:
        return False
    return parties.told(conn, change.key.removeprefix(PARTY_KEY)) > person.told


def _put_people(
    conn: Connection, scope: str, together: dict[str, tuple[FeedItem, SealedRow]]
) -> None:
    """Write what was gathered, and begin to gather anew."""
    if together:
        people = {key.removeprefix(PARTY_KEY): person for key, (_, person) in together.items()}
        parties.put(conn, scope, people)
        _note(conn, scope, [change for change, _ in together.values()])
        together.clear()


def _refuse(conn: Connection, scope: str, change: FeedItem, why: str) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO refused (key, scope, ver, reason) VALUES (?, ?, ?, ?)",
        (change.key, scope, change.ver, why),
    )


def _counts(change: FeedItem, scope: str, held_scope: str, held_ver: int, held_op: str) -> bool:
    if change.op == ERASE:
        return True
    if held_scope == scope:
        return change.ver > held_ver
    # The key moved between scopes: the put says where it is, a deletion elsewhere says nothing.
    # What was erased does not come back by another scope, whose page may be older.
    return change.op == PUT and held_op != ERASE


def _note(conn: Connection, scope: str, changes: Sequence[FeedItem]) -> None:
    versions.note(conn, scope, changes)
    conn.executemany("DELETE FROM refused WHERE key = ?", [(change.key,) for change in changes])


def _do(conn: Connection, change: FeedItem) -> None:
    kind, _, name = change.key.partition(":")
    act = _ACTIONS.get((kind, change.op))
    if act is None or not name:
        raise Refused(f"{change.op!r} of {change.key!r} is not known to this version")
    act(conn, name, change)


def _put_item(conn: Connection, name: str, change: FeedItem) -> None:
    items.put(conn, item_of(name, change), change.ver)


def _put_order(conn: Connection, name: str, change: FeedItem) -> None:
    orders.put(conn, order_of(name, change))


def _leave_order(conn: Connection, name: str, change: FeedItem) -> None:
    """Forget an order, unless another scope read here is about to tell of it.

    The two scopes are read one after the other, and the line may break in between: whoever wants
    their money back for what was just handed over would be told that there is no such order.
    """
    scope = moved_to(change)
    if scope is None or not cursor(conn, scope):
        orders.delete(conn, name)


def _put_rule(conn: Connection, name: str, change: FeedItem) -> None:
    rules.put(conn, name, bytes(change.body))


def _put_piece(conn: Connection, name: str, change: FeedItem) -> None:
    filters.put(conn, name, piece_of(name, change))


def _erase_party(conn: Connection, name: str, _change: FeedItem) -> None:
    parties.erase(conn, name)
    orders.erase_of(conn, name)


_Action = Callable[[Connection, str, FeedItem], None]

_ACTIONS: dict[tuple[str, str], _Action] = {
    ("item", PUT): _put_item,
    ("order", PUT): _put_order,
    ("rule", PUT): _put_rule,
    ("filter", PUT): _put_piece,
    ("item", DELETE): lambda conn, name, _: items.delete(conn, name),
    ("party", DELETE): lambda conn, name, _: parties.withdraw(conn, name),
    ("order", DELETE): _leave_order,
    ("rule", DELETE): lambda conn, name, _: rules.delete(conn, name),
    ("filter", DELETE): lambda conn, name, _: filters.delete(conn, name),
    ("item", ERASE): lambda conn, name, _: items.delete(conn, name),
    ("party", ERASE): _erase_party,
    ("order", ERASE): lambda conn, name, _: orders.delete(conn, name),
    ("rule", ERASE): lambda conn, name, _: rules.delete(conn, name),
    ("filter", ERASE): lambda conn, name, _: filters.delete(conn, name),
}


def _sweep(conn: Connection, scope: str) -> list[str]:
    """After the scope was read again: forget what it did not bring."""
    row = conn.execute("SELECT rereading FROM scopes WHERE scope = ?", (scope,)).fetchone()
    if not row[0]:
        return []
    keys = versions.left(conn, scope)
    for key in keys:
        _do(conn, FeedItem(fseq=0, key=key, ver=0, op=ERASE))
    versions.sweep(conn, scope)
    conn.execute("UPDATE scopes SET rereading = 0 WHERE scope = ?", (scope,))
    return keys
