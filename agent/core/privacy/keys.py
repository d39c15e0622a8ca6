"""The keys of a till's replica, and what they make of an identifier: its stretch and its token.

Three steps lie between what a customer presents and what a till holds of them:

- the *stretch*: scrypt (RFC 7914) of the normalised identifier with a pepper of the chain. It is
  slow on purpose, is computed once at HQ and once per look-up at the till, and depends on no scope;
- the *token*: HMAC-SHA-256 (RFC 2104) of the stretch under a key of the scope, 8 bytes of it. By
  it a row is found, and without the key it says nothing;
- the key that opens the row's card: of the scope's secret and the stretch (`sealing`).

So a disk without the scope's secret holds nothing that could be tried, and with it every guess of
an identifier costs a stretch (`theft`). Renewing a scope's secret costs no stretch.
"""

from __future__ import annotations

import hmac
from hashlib import scrypt
from typing import Any

import msgspec

from agent.core.recognition import Identifier

SECRET_BYTES = 32
"""Of a scope's secret and of a pepper."""
STRETCH_BYTES = 32
TOKEN_BYTES = 8
"""Of a hundred million tokens two are equal in one chain of 3,700; a card opens by its key alone,
so that even then nobody sees another's."""
COST_LOG2_MIN, COST_LOG2_MAX = 10, 20
_MEMORY_MARGIN = 1 << 20


class Stretching(msgspec.Struct, frozen=True, omit_defaults=True):
    """How slow a stretch is (RFC 7914, section 2)."""

    cost_log2: int = 12
    """N is two to this power; each step more doubles time and memory (4 MiB at 12)."""
    block: int = 8
    parallel: int = 1


STRETCHING = Stretching()


class _Secretive(msgspec.Struct, frozen=True):
    """Never shows its fields, neither in a log nor in a traceback."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class ScopeKey(_Secretive, frozen=True, omit_defaults=True):
    """What HQ gives a till for one scope of the replica (`K_scope`)."""

    scope: str
    """`store:ID`, `region:ID` or `global`."""
    generation: int
    """Growing; a till keeps the old one until all rows of the new one are there."""
    secret: bytes
    pepper: bytes
    """The same for the whole chain, and as secret."""
    stretching: Stretching = STRETCHING


class ScopeKeys(_Secretive, frozen=True):
    """The keys made of a scope's secret, one for each use."""

    scope: str
    generation: int
    token: bytes
    slot: bytes
    filter: bytes


def keys_of(key: ScopeKey) -> ScopeKeys:
    """Make the keys of a scope (HKDF, RFC 5869): done once, and kept in memory.

    Raises:
        ValueError: the secret has not 32 bytes, or the scope holds a NUL.
    """
    if len(key.secret) != SECRET_BYTES:
        raise ValueError(f"a scope's secret has {SECRET_BYTES} bytes, this one {len(key.secret)}")
    token, slot, filter_ = (
        derived(key.secret, context(use, key.scope, key.generation))
        for use in ("token", "slot", "filter")
    )
    return ScopeKeys(key.scope, key.generation, token, slot, filter_)


def stretch(identifier: Identifier, pepper: bytes, how: Stretching = STRETCHING) -> bytes:
    """Stretch a normalised identifier: milliseconds, which is what a thief pays for each guess.

    Args:
        identifier: as `core.recognition.normalise` gives it.
        pepper: of the chain, 32 bytes.
        how: as HQ says it in the scope's key.

    Raises:
        ValueError: the pepper is too short, or the cost is none that a till can be asked for.
    """
    if len(pepper) != SECRET_BYTES or not COST_LOG2_MIN <= how.cost_log2 <= COST_LOG2_MAX:
        raise ValueError("a stretch needs a pepper of 32 bytes and a cost of 2^10 to 2^20")
    cost = 1 << how.cost_log2
    return scrypt(
        identifier.value.encode(),
        salt=b"till-agent stretch v1\0" + identifier.type.value.encode() + b"\0" + pepper,
        n=cost,
        r=how.block,
        p=how.parallel,
        maxmem=128 * how.block * (cost + how.parallel) + _MEMORY_MARGIN,
        dklen=STRETCH_BYTES,
    )


def token(keys: ScopeKeys, stretched: bytes) -> bytes:
    """Make the token by which a scope's rows are found: 8 bytes.

    The type of the identifier is in the stretch already.
    """
    return hmac.digest(keys.token, stretched, "sha256")[:TOKEN_BYTES]


def derived(secret: bytes, info: bytes, salt: bytes | None = None) -> bytes:
    """Make a key of 32 bytes for one use (HKDF-SHA-256, RFC 5869)."""
    # Loaded late, as all of this library is: what seals is part of messages every command knows.
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), SECRET_BYTES, salt, info).derive(secret)


def context(use: str, *fields: str | int) -> bytes:
    r"""Write what a key or a sealed text is for; two different uses are never the same bytes.

    Raises:
        ValueError: a field holds a NUL.

    >>> context("card", "global", 1)
    b'till-agent card v1\x00global\x001'
    """
    written = [f"till-agent {use} v1", *map(str, fields)]
    if any("\0" in field for field in written):
        raise ValueError("a name cannot hold a NUL")
    return "\0".join(written).encode()
