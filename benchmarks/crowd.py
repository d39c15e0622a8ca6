"""Millions of customers in a till's directory, of the usual size, whom nobody presents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from agent.core.exchange.people_rows import BEGINNING_BYTES, key_of, written
from agent.core.exchange.replica import INDEXES
from agent.core.privacy import Layer, Slot
from agent.core.privacy.keys import TOKEN_BYTES
from agent.directory.opening import open_or_rebuild
from agent.directory.schema import name_of

TOKENS = 3
"""Of each customer: phone, e-mail, card."""
PORTION = 50_000
REST_BYTES, KEY_BYTES = 320, 16
"""Of sealed cards as HQ makes them, with five sales; see `replica`."""
POOL_BYTES = 1 << 20
_POOL = os.urandom(POOL_BYTES + 1024)
"""What sealed cards look like: pieces of it, drawing millions apart takes longer than writing."""
SPREAD = 2_654_435_761
"""A prime: the slots of one customer lie far apart."""


def crowd(file: Path, customers: int) -> None:
    """Write customers whom nobody presents, tokens in their order: a tree is filled from left.

    The indexes are made at the end, as of a snapshot: filled at random they would take hours.
    """
    conn, damage, *_ = open_or_rebuild(file)
    assert damage is None, damage
    indexes = [each for each in INDEXES if " ON people " in each]
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
        conn.execute(f"PRAGMA {pragma}")
    for each in indexes:
        conn.execute(f"DROP INDEX {name_of(each)}")
    conn.execute("BEGIN IMMEDIATE")
    seal = "INSERT INTO generations (scope, generation) VALUES ('global', 1) RETURNING id"
    sealed_for = conn.execute(seal).fetchone()[0]
    for start in range(1, customers + 1, PORTION):
        numbers = range(start, min(start + PORTION, customers + 1))
        conn.executemany(
            "INSERT INTO people (id, party, local, seal, ver, told, slots, name, rest) "
            "VALUES (?, ?, 0, ?, 1 << 40, 1, ?, x'', ?)",
            _people(numbers, sealed_for, customers),
        )
    slots = customers * TOKENS
    for start in range(0, slots, PORTION):
        conn.executemany(
            "INSERT OR IGNORE INTO found_by (token, person) VALUES (?, ?)",
            _found_by(range(start, min(start + PORTION, slots)), customers),
        )
    for each in indexes:
        conn.execute(each)
    conn.execute("COMMIT")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.close()


def party_of(n: int) -> str:
    """Name a customer by their number, from 1."""
    return f"0190{n:08x}-0000-7000-8000-{n:012x}"


def tokens_of(n: int, customers: int) -> list[bytes]:
    """Give the tokens of a customer."""
    first = (n - 1) * pow(SPREAD, -1, customers) % customers
    return [_token(first + each * customers, customers) for each in range(TOKENS)]


def _people(
    numbers: range, sealed_for: int, customers: int
) -> Iterator[tuple[int, bytes | str, int, bytes, bytes]]:
    for n in numbers:
        at = n % POOL_BYTES
        key = _POOL[at : at + KEY_BYTES]
        slots = written(Slot(token, Layer.WHOLE, key) for token in tokens_of(n, customers))
        yield n, key_of(party_of(n)), sealed_for, slots, _POOL[-at - REST_BYTES : -at or None]


def _found_by(numbers: range, customers: int) -> Iterator[tuple[bytes, int]]:
    for n in numbers:
        yield _token(n, customers)[:BEGINNING_BYTES], 1 + n * SPREAD % customers


def _token(n: int, customers: int) -> bytes:
    step = (1 << TOKEN_BYTES * 8) // (customers * TOKENS)
    return (n * step + n * SPREAD % step).to_bytes(TOKEN_BYTES, "big")
