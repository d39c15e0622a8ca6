"""Millions of customers in a till's directory, of the usual size, whom nobody presents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from agent.core.exchange.replica import INDEXES
from agent.core.privacy import Layer
from agent.core.privacy.keys import TOKEN_BYTES
from agent.directory.opening import open_or_rebuild
from agent.directory.schema import name_of

TOKENS = 3
"""Of each customer: phone, e-mail, card."""
PORTION = 50_000
NAME_BYTES, REST_BYTES, KEY_BYTES = 90, 420, 40
"""Of sealed cards as HQ makes them."""
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
    indexes = [each for each in INDEXES if " ON found_by " in each or " ON people " in each]
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
        conn.execute(f"PRAGMA {pragma}")
    for each in indexes:
        conn.execute(f"DROP INDEX {name_of(each)}")
    conn.execute("BEGIN IMMEDIATE")
    for start in range(1, customers + 1, PORTION):
        conn.executemany(
            "INSERT INTO people (id, party_id, local, scope, generation, ver, name, rest) "
            "VALUES (?, ?, 0, 'global', 1, 1, ?, ?)",
            _people(range(start, min(start + PORTION, customers + 1))),
        )
    slots = customers * TOKENS
    for start in range(0, slots, PORTION):
        conn.executemany(
            "INSERT INTO found_by (token, person, layer, key) VALUES (?, ?, ?, ?)",
            _slots(range(start, min(start + PORTION, slots)), customers),
        )
    conn.execute("INSERT OR IGNORE INTO generations (scope, generation) VALUES ('global', 1)")
    for each in indexes:
        conn.execute(each)
    conn.execute("COMMIT")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.close()


def _people(numbers: range) -> Iterator[tuple[int, str, bytes, bytes]]:
    for n in numbers:
        at = n % POOL_BYTES
        name, rest = _POOL[at : at + NAME_BYTES], _POOL[-at - REST_BYTES : -at or None]
        yield n, f"0190{n:08x}-0000-7000-8000-{n:012x}", name, rest


def _slots(numbers: range, customers: int) -> Iterator[tuple[bytes, int, int, bytes]]:
    step = (1 << TOKEN_BYTES * 8) // (customers * TOKENS)
    for n in numbers:
        token = (n * step + n * SPREAD % step).to_bytes(TOKEN_BYTES, "big")
        at = n % POOL_BYTES
        yield token, 1 + n * SPREAD % customers, Layer.WHOLE, _POOL[at : at + KEY_BYTES]
