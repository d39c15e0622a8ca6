"""The feed's cursor `epoch.fseq.fh`: where a till stands in one scope's changes.

`fh` is the running hash of the feed up to `fseq`. A till hands it back: where it does not match,
HQ's feed is not the one the till read, and the till begins anew. A page may leave out what a newer
change of the same key makes moot; where it does not, the till computes the hash as HQ did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from agent.core.exchange.faults import FeedGone
from agent.core.exchange.signed import statement
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import InputFault

ORIGIN = "0" * 16
"""The running hash of a feed without changes."""

PARTY_KEY = "party:"
"""What the key of a party's feed item begins with; its id follows."""
_DOMAIN = b"till-agent feed v1"
_NUMBER_BYTES = 8
_FSEQ_MAX = 2**63 - 1


class Cursor(msgspec.Struct, frozen=True):
    """A position in the feed of one scope."""

    epoch: str
    fseq: int
    fh: str
    """Running hash, 16 hexadecimal digits."""

    def __str__(self) -> str:
        """Write it as it travels."""
        return f"{self.epoch}.{self.fseq}.{self.fh}"


def parse(text: str) -> Cursor:
    """Read a cursor; the empty text is the start of a feed, in no epoch.

    Raises:
        InputFault: not a cursor.

    >>> parse("1-ab.7.0123456789abcdef").fseq
    7
    """
    if not text:
        return Cursor("", 0, ORIGIN)
    parts = text.split(".")
    if len(parts) != len(Cursor.__struct_fields__) or not _is_number(parts[1]):
        raise InputFault(
            f"{text[:80]!r} is not a feed cursor",
            remedy="send the cursor of the last page as it was, or none to start over",
        )
    return Cursor(parts[0], int(parts[1]), parts[2])


def advance(fh: str, item: FeedItem) -> str:
    """Take one more change into the running hash.

    A party's body is left out: HQ seals it anew for each generation of a key, and whether it is
    genuine the seal itself says.
    """
    fields = (fh.encode(), _number(item.fseq), item.key.encode(), _number(item.ver))
    body = b"" if item.key.startswith(PARTY_KEY) else bytes(item.body)
    message = statement(_DOMAIN, *fields, item.op.encode(), body)
    return hashlib.sha256(message).hexdigest()[: len(ORIGIN)]


def position(cursor: Cursor, epoch: str, hash_at: Callable[[int], str | None]) -> int:
    """Find the fseq after which a till's next page begins.

    Args:
        cursor: what the till sent.
        epoch: HQ's present epoch.
        hash_at: the running hash HQ holds at an fseq, None where it holds none; not asked for 0.

    Raises:
        FeedGone: another epoch, or another feed than the one the till read.
    """
    if cursor.fseq == 0:
        return 0
    if cursor.epoch != epoch or hash_at(cursor.fseq) != cursor.fh:
        raise FeedGone(
            f"HQ's feed does not contain the position {cursor}",
            remedy="read the feed from the start; the agent does so by itself",
        )
    return cursor.fseq


def follows(after: str, page: FeedPage) -> bool:
    """Tell, at the till, whether a page can be what comes after a cursor.

    Args:
        after: the cursor the page was asked for by; `""` from the start.
        page: what came.

    Raises:
        InputFault: one of the cursors is none.
    """
    begin, end = parse(after), parse(page.cursor)
    numbers = [item.fseq for item in page.items]
    if begin.epoch not in {"", end.epoch} or end.fseq < begin.fseq:
        return False
    if numbers != sorted(set(numbers)) or len({item.key for item in page.items}) < len(numbers):
        return False
    if numbers and not begin.fseq < numbers[0] <= numbers[-1] <= end.fseq:
        return False
    return len(numbers) != end.fseq - begin.fseq or _hash(begin.fh, page.items) == end.fh


def compact(items: Sequence[FeedItem]) -> tuple[FeedItem, ...]:
    """Keep of consecutive changes the newest of each key, in order."""
    newest = {item.key: item.fseq for item in items}
    return tuple(item for item in items if newest[item.key] == item.fseq)


def _hash(fh: str, items: Sequence[FeedItem]) -> str:
    for item in items:
        fh = advance(fh, item)
    return fh


def _is_number(text: str) -> bool:
    """Tell whether it is a number that a database can hold; Python itself reads no endless one."""
    is_written = text.isascii() and text.isdigit() and len(text) <= len(str(_FSEQ_MAX))
    return is_written and int(text) <= _FSEQ_MAX


def _number(value: int) -> bytes:
    return value.to_bytes(_NUMBER_BYTES, "big")
