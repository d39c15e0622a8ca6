"""Which keys a device key took over from, and where those of two machines parted.

A key has one heir, and HQ sees to that. So two keys whose lineages part show that HQ lost time in
between and let an old copy of a key in again: that is how the two are told apart.
"""

from __future__ import annotations

import msgspec

from agent.core.exchange.credentials import key_id
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import Credential

LINEAGE_MAX = 64
"""Older ones are left out: which of two machines is the right one after so many renewals without
a word of each other is a person's to say."""


class Parting(msgspec.Struct, frozen=True):
    """Where two lineages part."""

    parent: str
    """The newest key id of both."""
    own: str
    """The heir of `parent` in the first of them; empty where that one ends there."""
    other: str
    """Likewise in the second."""


def key_of(credential: Credential) -> str:
    """Name the key a credential is for."""
    return key_id(unhex(credential.device_key))


def keys_of(credential: Credential) -> tuple[str, ...]:
    """List the keys a credential goes back on, its own last."""
    return (*credential.lineage, key_of(credential))


def lineage_of_heir(credential: Credential) -> tuple[str, ...]:
    """Give the lineage of the key that takes over from a credential's."""
    return keys_of(credential)[-LINEAGE_MAX:]


def parting(own: tuple[str, ...], other: tuple[str, ...]) -> Parting | None:
    """Find where two lineages (`keys_of`) part; None where they have nothing in common.

    >>> parting(("a", "b", "c"), ("a", "b", "x", "y"))
    Parting(parent='b', own='c', other='x')
    >>> parting(("a",), ("a", "b"))
    Parting(parent='a', own='', other='b')
    >>> parting(("a",), ("b",))
    """
    shared = [key for key in own if key in other]
    if not shared:
        return None
    return Parting(shared[-1], _after(own, shared[-1]), _after(other, shared[-1]))


def _after(keys: tuple[str, ...], key: str) -> str:
    at = keys.index(key) + 1
    return keys[at] if at < len(keys) else ""
