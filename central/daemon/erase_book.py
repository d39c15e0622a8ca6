"""HQ's orders to erase, written down beside the backups: a restored HQ obeys them before it serves.

A backup is older than what was erased since, and stores bring their evidence only when they speak.
So each order stands, as it was signed, in a file that is only ever appended to: in the state
directory, and in every directory that holds a backup of the list. Orders name ids, and no person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, select

from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.orders import ERASE, Order, SignedOrder, read_order
from agent.core.exchange.signed import Verify
from agent.core.faults import Fault
from central.daemon.line_book import append
from central.feed.keeping import SNAPSHOTS, sweep
from central.ledger.authority_tables import SIGNED_ORDERS
from central.ledger.backups import kept
from central.ledger.engine import let_go_of_log, reading

FILE = "erase-orders.jsonl"
_encode = msgspec.json.Encoder(order="deterministic").encode
Signed = dict[str, SignedOrder]
"""By the order's id."""


class NotWrittenDown(Fault):
    """An erasure is carried out, and a backup of before it may come back without it."""

    name = "order-not-written-down"
    title = "An order to erase is not beside every backup"


class BookUnreadable(Fault):
    """Nobody can tell who was erased after a backup."""

    name = "erase-orders-unreadable"
    title = "The orders to erase cannot be read"


def settle(engine: Engine, state_dir: Path) -> None:
    """Do what follows a committed erasure: no file of this HQ keeps what was erased.

    Args:
        engine: the ledger.
        state_dir: of this HQ.

    Raises:
        NotWrittenDown: see `write_down`; the rest is done.
    """
    try:
        write_down(engine, state_dir)
    finally:
        _let_go(engine, state_dir)


def _let_go(engine: Engine, state_dir: Path) -> None:
    sweep(engine, state_dir / SNAPSHOTS)
    let_go_of_log(engine)


def write_down(engine: Engine, state_dir: Path) -> None:
    """Append to every book the orders it lacks; a medium that is away gets them when it is back.

    Raises:
        NotWrittenDown: into one of the directories; the others have them.
    """
    with reading(engine) as conn:
        held = _held(conn)
        homes = [Path(each.place).parent for each in kept(conn)]
    problems = []
    for home in dict.fromkeys((state_dir, *homes)):
        if not held or not home.is_dir():
            continue
        try:
            _append(home / FILE, held)
        except OSError as error:
            problems.append(f"{home}: {error.strerror}")
    if problems:
        raise NotWrittenDown(
            f"orders to erase could not be written beside backups: {', '.join(problems)}",
            remedy=f"make {FILE} there writable for the user till-central runs as, and make room; "
            "then till-central backup, or a restart of HQ, writes what is missing",
        )


def orders_in(path: Path, verify: Verify) -> Signed:
    """Read a book; none is an empty one, and a line that HQ has not signed says nothing.

    Raises:
        BookUnreadable: it is there.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BookUnreadable(
            f"{path} cannot be read: {error.strerror}",
            remedy="make it readable for the user till-central runs as; without it, somebody who "
            "was erased would be served again",
        ) from error
    return _genuine(_lines(lines), verify)


def orders_of(conn: Connection, verify: Verify) -> Signed:
    """Read the orders of the database that is about to be replaced; it may be of any state.

    Raises:
        SQLAlchemyError: it cannot be read.
    """
    return _genuine(_held(conn).values(), verify)


def _held(conn: Connection) -> Signed:
    rows = conn.execute(
        select(SIGNED_ORDERS)
        .where(SIGNED_ORDERS.c.kind == ERASE)
        .order_by(SIGNED_ORDERS.c.order_id)
    )
    return {row.order_id: SignedOrder(row.text, row.signature) for row in rows}


def _append(path: Path, held: Signed) -> None:
    there = path.read_bytes() if path.exists() else b""
    known = {_read(each.order) for each in _lines(there.splitlines())}
    missing = [signed for order_id, signed in held.items() if order_id not in known]
    append(path, there, [_encode(each) for each in missing])


def _lines(lines: Iterable[bytes]) -> Iterator[SignedOrder]:
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=SignedOrder)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue


def _read(text: str) -> str:
    """Name the order in a text; empty where it is none."""
    try:
        return msgspec.json.decode(text, type=Order).order_id
    except msgspec.MsgspecError:
        return ""


def _genuine(signed: Iterable[SignedOrder], verify: Verify) -> Signed:
    found = {}
    for each in signed:
        try:
            order = read_order(each, verify)
        except CredentialFault:
            continue
        if order.kind == ERASE:
            found[order.order_id] = each
    return found
