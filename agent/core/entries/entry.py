"""Sealing: from a body to everything that is stored and sent of it."""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import Body
from agent.core.entries.canonical import encode
from agent.core.entries.chain import commitment, linker
from agent.core.entries.kinds import kind_of
from agent.core.identifiers import JournalId


class Sealed(msgspec.Struct, frozen=True):
    """One entry of a journal, ready to be written."""

    journal_id: JournalId
    seq: int
    kind: int
    version: int
    salt: bytes
    """16 random bytes, erased together with the body."""
    body: bytes
    """Canonical bytes."""
    commitment: bytes
    hash: bytes


def seal(journal_id: JournalId, seq: int, prev_hash: bytes, body: Body, salt: bytes) -> Sealed:
    """Seal a body as entry `seq` of a journal whose entry `seq - 1` has the hash `prev_hash`.

    Raises:
        InputFault: the journal id, number, hash or salt has the wrong form.
    """
    kind = kind_of(body)
    canonical = encode(body)
    committed = commitment(salt, canonical)
    number, version = kind.kind, kind.version
    hashed = linker(journal_id)(seq, prev_hash, number, version, committed)
    return Sealed(journal_id, seq, number, version, salt, canonical, committed, hashed)
