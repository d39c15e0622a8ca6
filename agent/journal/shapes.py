"""Telling by its shape alone which of the journal's tables a record was of.

Most records of other tables fit nothing. What fits by chance is proven wrong by hashes later.
"""

from __future__ import annotations

from typing import Any

from agent.core.entries.chain import HASH_SIZE, JOURNAL_ID_SIZE, SALT_SIZE
from agent.core.entries.kinds import LANES
from agent.journal.pages import Found
from agent.journal.tails import SEQ_BITS, SEQ_MAX

_KIND_MAX = 0xFFFF
_TOKEN_DIGITS = 64
_BASKETS = ("open", "parked")
_HEXADECIMAL = frozenset("0123456789abcdef")

Shaped = tuple[str, tuple[Any, ...]]
"""Name of a table, and the values of a row of it, the rowid in its place."""


def shape(record: Found) -> Shaped | None:
    """Tell which table a record can be of; None of one that fits none."""
    if record.rowid is None:
        return _of_index(record.values)
    if record.rowid < 1 or record.values[0] is not None:
        return None
    if len(record.values) == 3:
        return _of_three(record.rowid, record.values)
    return _of_more(record.rowid, record.values)


def _of_index(values: tuple[Any, ...]) -> Shaped | None:
    """Of an index, or of a table WITHOUT ROWID."""
    match values:
        case (int(), int(), int(), int(), bytes(), bytes(), int(), int(), int()):
            return ("chain", values[:6]) if _is_entry(*values[:6]) else None
        case (str(), bytes()):
            return "registry", values
        case (str(id_), int(no)) if is_journal_id(id_) and no > 0:
            return "journal_id", values
        case (str(), str(lane), int(no)) if lane in LANES and no > 0:
            return "journal_open", values
        case (str(token), str(), str()) if len(token) == _TOKEN_DIGITS:
            return "pairing", values
        case _:
            return None


def _of_three(rowid: int, values: tuple[Any, ...]) -> Shaped | None:
    """Of a table with three columns."""
    is_place = rowid >> SEQ_BITS > 0 < rowid & SEQ_MAX
    match values:
        case (None, bytes(salt), bytes()) if is_place and len(salt) == SALT_SIZE:
            return "body", (rowid, *values[1:])
        case (None, str(), str()) if is_place:
            return "erase_order", (rowid, *values[1:])
        case (None, int(seq), bytes(hash_)) if seq > 0 and len(hash_) == HASH_SIZE:
            return "pruned", (rowid, *values[1:])
        case _:
            return None


def _of_more(rowid: int, values: tuple[Any, ...]) -> Shaped | None:
    """Of a wider table."""
    row = (rowid, *values[1:])
    match values:
        case (None, str(id_), int(), bytes(), str()) if is_journal_id(id_):
            return "succession", row
        case (None, str(id_), str(), str(), str(lane), bytes(), bytes(), bytes(), int()):
            return ("journal", row) if is_journal_id(id_) and lane in LANES else None
        case (None, str(), int(), bytes(hash_), bytes(), int()) if len(hash_) == HASH_SIZE:
            return "acked", row
        case (None, str(), str(), str(state), bytes()) if state in _BASKETS:
            return "basket", row
        case _:
            return None


def is_event(record: Found) -> bool:
    """Tell whether a record can be an event: of those only the newest cursor is wanted."""
    match record.values:
        case (None, str(), str(), str(), bytes()):
            return record.rowid is not None
        case _:
            return False


def is_journal_id(text: str) -> bool:
    """Tell whether a text has the form of a journal id."""
    return len(text) == 2 * JOURNAL_ID_SIZE and _HEXADECIMAL.issuperset(text)


def _is_entry(no: int, seq: int, kind: int, version: int, commitment: bytes, hash_: bytes) -> bool:
    in_range = no > 0 < seq <= SEQ_MAX and 0 <= kind <= _KIND_MAX and 0 <= version <= _KIND_MAX
    return in_range and len(commitment) == HASH_SIZE == len(hash_)
