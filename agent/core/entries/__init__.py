"""The sealed fact: journal, seq, kind, version, commitment, hash.

A journal is a numbered row of facts. Each fact (`bodies`) has a kind and a version (`kinds`), is
written once as canonical bytes (`canonical`), committed to under a random salt, and linked to the
fact before it (`chain`); `entry.seal` does all of it at once. An entry's hash covers the
commitment of its body, never the body itself, so that a body can be erased, with its salt, under
an intact chain. Older versions are read through `upcasters`; stored bytes never change.
"""

from __future__ import annotations

from agent.core.entries.canonical import UnknownKind, UnreadableBody, decode, encode
from agent.core.entries.chain import commitment, genesis, link
from agent.core.entries.entry import Sealed, seal
from agent.core.entries.kinds import KINDS, SALES, SIDE, Kind, kind_of

__all__ = [
    "KINDS",
    "SALES",
    "SIDE",
    "Kind",
    "Sealed",
    "UnknownKind",
    "UnreadableBody",
    "commitment",
    "decode",
    "encode",
    "genesis",
    "kind_of",
    "link",
    "seal",
]
