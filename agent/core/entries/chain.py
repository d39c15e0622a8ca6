"""The hash chain: who rewrites one entry must rewrite all that follow, here and at HQ.

Every hashed message is a domain mark of fixed width, then fields of fixed width or with their
length in front, big-endian, so that no two different inputs ever give the same message:

    genesis    = SHA-256("tj1" 00 ‖ journal 16 ‖ lp store ‖ lp till ‖ lp lane ‖ lp key ‖ lp pred)
    link       = SHA-256("tj1" 01 ‖ journal 16 ‖ seq u64 ‖ previous 32 ‖ kind u16 ‖ version u16
                         ‖ commitment 32)
    commitment = SHA-256("tj1" 02 ‖ salt 16 ‖ body)

`lp` is a u16 length and the bytes. The salt keeps an erased body from being guessed from its
commitment (FIPS 180-4 for SHA-256; the domain marks follow RFC 9162, 2.1.1).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from struct import Struct

from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, StoreId, TillId

HASH_SIZE = 32
SALT_SIZE = 16
JOURNAL_ID_SIZE = 16
SEQ_MAX = 2**63 - 1
"""What SQLite and PostgreSQL hold in a signed 64-bit integer."""

_GENESIS = b"tj1\x00"
_LINK = b"tj1\x01"
_COMMITMENT = b"tj1\x02"
_LINK_MESSAGE = Struct(">4s16sQ32sHH32s")
_U16_MAX = 0xFFFF

Link = Callable[[int, bytes, int, int, bytes], bytes]
"""seq, hash before it, kind, version and commitment of an entry → its hash."""


def genesis(
    journal_id: JournalId,
    store: StoreId,
    till: TillId,
    lane: str,
    device_key: bytes,
    predecessor: bytes = b"",
) -> bytes:
    """Give the hash at seq 0, which binds a journal to its store, till, lane and device key.

    Args:
        journal_id: 32 lower-case hexadecimal digits.
        store: as in the settings.
        till: as in the settings.
        lane: `sales` or `side`.
        device_key: Ed25519 public key, 32 bytes (RFC 8032).
        predecessor: the last hash of the journal this one succeeds, if there is one.

    Raises:
        InputFault: a field has a size or form the chain does not allow.
    """
    fields = (store.encode(), till.encode(), lane.encode(), device_key, predecessor)
    prefixed = b"".join(_prefixed(field) for field in fields)
    return sha256(_GENESIS + _journal_bytes(journal_id) + prefixed).digest()


def commitment(salt: bytes, body: bytes) -> bytes:
    """Commit to a body under its salt; 32 bytes.

    Raises:
        InputFault: the salt is not 16 bytes.
    """
    if len(salt) != SALT_SIZE:
        _sized("salt", salt, SALT_SIZE)
    return sha256(_COMMITMENT + salt + body).digest()


def commits(committed: bytes, salt: bytes, body: bytes) -> bool:
    """Tell whether a commitment is to this body under this salt.

    >>> commits(commitment(bytes(16), b"{}"), bytes(16), b"{}"), commits(b"", b"short", b"{}")
    (True, False)
    """
    return len(salt) == SALT_SIZE and commitment(salt, body) == committed


def link(
    journal_id: JournalId, seq: int, prev_hash: bytes, kind: int, version: int, commitment: bytes
) -> bytes:
    """Give the hash of entry `seq` from the hash before it; 32 bytes.

    Raises:
        InputFault: a field has a size or range the chain does not allow.
    """
    return linker(journal_id)(seq, prev_hash, kind, version, commitment)


@lru_cache(maxsize=64)
def linker(journal_id: JournalId) -> Link:
    """Give `link` of one journal: for walking a chain, where every check is made a million times.

    Raises:
        InputFault: this is no journal id.
    """
    journal = _journal_bytes(journal_id)
    pack = _LINK_MESSAGE.pack

    def linked(seq: int, prev_hash: bytes, kind: int, version: int, commitment: bytes) -> bytes:
        if len(prev_hash) != HASH_SIZE or len(commitment) != HASH_SIZE:
            _sized("previous hash", prev_hash, HASH_SIZE)
            _sized("commitment", commitment, HASH_SIZE)
        if not (1 <= seq <= SEQ_MAX and 0 <= kind <= _U16_MAX and 0 <= version <= _U16_MAX):
            raise _refused(f"seq {seq}, kind {kind}, version {version}")
        return sha256(pack(_LINK, journal, seq, prev_hash, kind, version, commitment)).digest()

    return linked


def _prefixed(field: bytes) -> bytes:
    if len(field) > _U16_MAX:
        raise _refused(f"a field of {len(field)} bytes")
    return len(field).to_bytes(2, "big") + field


def _journal_bytes(journal_id: str) -> bytes:
    """Read a journal id strictly: one id has one spelling."""
    try:
        raw = bytes.fromhex(journal_id)
    except ValueError:
        raw = b""
    if len(raw) != JOURNAL_ID_SIZE or raw.hex() != journal_id:
        raise _refused(f"the journal id {journal_id!r}")
    return raw


def _sized(what: str, value: bytes, size: int) -> None:
    if len(value) != size:
        raise _refused(f"a {what} of {len(value)} bytes where {size} are needed")


def _refused(what: str) -> InputFault:
    return InputFault(
        f"{what} cannot stand in a journal's hash chain",
        remedy="the sender is damaged or not till-agent: compare its version, then verify it",
        name="bad-chain-field",
    )
