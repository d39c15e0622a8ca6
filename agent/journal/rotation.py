"""Which copies on a second medium may go: those the newest one holds everything of.

Several machines may write to one medium, a machine's key (and so the name of its copies) changes
when it is renewed, and a copied disk has its neighbour's. So no name decides whose a copy is, but
what is in it: one goes only where each of its journals stands in the newest copy, at least as far,
with the same chain hash there. What a copy alone holds is never dropped.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from pysqlite3 import dbapi2

from agent.core.faults import Fault
from agent.journal import chains
from agent.journal.chains import Head
from agent.journal.connection import Connection
from agent.journal.journal import reading

_FORM = re.compile(r"till-agent-.+-([0-9]{6,})\.db")


class _Copy(msgspec.Struct, frozen=True, order=True):
    """A copy that may go; the smallest one is the oldest."""

    is_own: bool
    """Named as the newest is: those of an earlier name of this machine are older than all of it."""
    entries: int
    number: int
    path: Path


def superfluous(newest: Path, stem: str, keep: int) -> list[Path]:
    """List the copies there are too many of, oldest first.

    Args:
        newest: the copy that was just made and verified; always kept.
        stem: what the names of this machine's copies begin with now.
        keep: copies kept, this one included; at least 1.

    Raises:
        OSError: the folder cannot be listed.
    """
    copies = sorted(
        copy
        for path in newest.parent.iterdir()
        if path != newest and (copy := _copy(path, newest, stem)) is not None
    )
    return [copy.path for copy in copies[: max(0, len(copies) + 1 - keep)]]


def _copy(path: Path, newest: Path, stem: str) -> _Copy | None:
    """Look into a file; None of one that is no copy, or holds anything the newest does not."""
    form = _FORM.fullmatch(path.name)
    if form is None:
        return None
    try:
        heads = reading(path, chains.heads)
        if not reading(newest, lambda conn: all(_holds(conn, head) for head in heads)):
            return None
    except (Fault, dbapi2.Error):
        return None  # No journal, or nobody can tell whose it is.
    is_own = path.name.startswith(f"{stem}-")
    return _Copy(is_own, sum(head.tail_seq for head in heads), int(form[1]), path)


def _holds(conn: Connection, head: Head) -> bool:
    try:
        return chains.hash_at(conn, head.journal_id, head.tail_seq) == head.tail_hash
    except Fault:
        return False
