"""What a row or a text of a damaged file says of itself, and whether it fits what is before it."""

from __future__ import annotations

import msgspec

from agent.core.entries.chain import commitment, link
from agent.core.entries.kinds import KINDS
from agent.core.faults import Fault
from agent.core.identifiers import JournalId, TillId
from agent.journal.founding import Entry
from agent.journal.wreck import ChainRow

TAGS = {body.__struct_config__.tag: kind for body, kind in KINDS.items()}
"""What a body calls itself → its kind."""


class Said(msgspec.Struct, frozen=True):
    """What a body says of itself, if it is JSON at all."""

    tag: str = msgspec.field(name="type", default="")
    till: TillId | None = None


def said(text: bytes) -> Said:
    """Read what a body says of itself; nothing where it is no JSON."""
    try:
        return msgspec.json.decode(text, type=Said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Said()


def follows(journal_id: JournalId, row: ChainRow, before: bytes) -> bool:
    """Tell whether a row's hash is that of its content behind the hash before."""
    try:
        return link(journal_id, row.seq, before, row.kind, row.version, row.commitment) == row.hash
    except Fault:
        return False


def commits(entry: Entry) -> bool:
    """Tell whether an entry's body is the one it committed to, or was erased by an order."""
    if entry.order_id or entry.salt is None or entry.body is None:
        return bool(entry.order_id)
    return commitment(entry.salt, entry.body) == entry.commitment
