"""Carrying an entry over into a successor journal, byte for byte, and reading what it says.

An entry is carried once, whoever succeeds whom: a successor's successor carries the same
`EntryCarried` again, and never an `EntryCarried` inside another.
"""

from __future__ import annotations

from agent.core.entries.bodies import Body, EntryCarried
from agent.core.entries.canonical import UnknownKind, UnreadableBody, decode
from agent.core.entries.chain import SALT_SIZE, commitment
from agent.core.entries.verbatim import read_back, written
from agent.core.identifiers import JournalId


def carry(
    journal_id: JournalId,
    seq: int,
    *,
    kind: int,
    version: int,
    salt: bytes,
    body: bytes,
    committed: bytes,
    erased_by: str = "",
    verified: bool = True,
) -> EntryCarried:
    """Wrap an entry of another journal, as it stands there.

    Args:
        journal_id: the journal it was sealed in.
        seq: its number there.
        kind: as sealed.
        version: as sealed.
        salt: empty of an erased entry.
        body: the sealed bytes; empty of an erased entry.
        committed: its commitment.
        erased_by: the erase order, if its body was erased.
        verified: False where the journal could not prove the entry any more.

    Returns:
        The body of `entry.carried`.
    """
    text, raw = written(body)
    return EntryCarried(
        journal=journal_id,
        seq=seq,
        kind=kind,
        version=version,
        salt=salt.hex(),
        body=text,
        commitment=committed.hex(),
        verified=verified,
        erased_by=erased_by,
        raw=raw,
    )


def sealed(carried: EntryCarried) -> bytes:
    """Give the sealed bytes of a carried entry; none of an erased one."""
    return read_back(carried.body, carried.raw)


def inner(carried: EntryCarried) -> Body | None:
    """Read what a carried entry says; None of an erased one.

    Raises:
        UnknownKind, UnreadableBody: as `decode`.
    """
    if carried.erased_by:
        return None
    return decode(carried.kind, carried.version, sealed(carried))


def said(body: Body) -> Body | None:
    """Give what an entry says, as `fact`; None of a carried one that cannot be read.

    What was damaged before it was carried is kept as it is, and says nothing to its till.
    """
    try:
        return fact(body)
    except (UnknownKind, UnreadableBody):
        return None


def read(kind: int, version: int, body: bytes) -> Body | None:
    """Read what a stored entry says, as `said`; None where its own bytes cannot be read, either.

    What a disk has torn since it was sealed must not keep a shop closed: the verification names it.
    """
    try:
        return said(decode(kind, version, body))
    except (UnknownKind, UnreadableBody):
        return None


def holds(carried: EntryCarried) -> bool:
    """Tell whether the carried bytes are those the commitment was made of.

    An erased entry holds by its commitment alone.
    """
    if carried.erased_by:
        return True
    try:
        salt, expected = bytes.fromhex(carried.salt), bytes.fromhex(carried.commitment)
    except ValueError:
        return False
    return len(salt) == SALT_SIZE and commitment(salt, sealed(carried)) == expected


def fact(body: Body) -> Body | None:
    """Give what an entry says: of a carried one what is in it, of any other the body itself.

    Raises:
        UnknownKind, UnreadableBody: as `decode`.
    """
    return inner(body) if isinstance(body, EntryCarried) else body
