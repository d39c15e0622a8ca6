"""Keys made up for tests: different for each name, and cheap to stretch with."""

from __future__ import annotations

import hashlib

from agent.core.privacy.keys import ScopeKey, Stretching, keys_of, stretch
from agent.core.recognition import Identifier, IdentifierType

CHEAP = Stretching(cost_log2=10, block=1)
PEPPER = hashlib.sha256(b"pepper").digest()


def bytes_of(name, length=32):
    """Make bytes that look random."""
    return hashlib.shake_128(name.encode()).digest(length)


def scope_key(scope="store:s1", generation=1):
    """Make what HQ gives a till."""
    return ScopeKey(scope, generation, bytes_of(f"{scope}/{generation}"), PEPPER, CHEAP)


def keys(scope="store:s1", generation=1):
    """Make the keys of a scope."""
    return keys_of(scope_key(scope, generation))


def stretched(value, kind=IdentifierType.PHONE):
    """Stretch an identifier."""
    return stretch(Identifier(kind, value), PEPPER, CHEAP)
