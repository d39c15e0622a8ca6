"""The filter: whose identifiers the chain knows, so that nobody is enrolled twice (P8).

A Bloom filter answers "somebody has this identifier" for those whose card a till does not hold. It
never misses one that was put in; of others it says yes by mistake, less than once in a hundred.

It is cut into pieces, each a filter of its own for the identifiers that fall into it. So HQ tells
of somebody new by the few pieces they are in, a till that has only some pieces yet is right about
those, and of an erased person nothing stays: their pieces are built anew without them, and replace
the old ones.

The scheme is fixed, so that any two programs set the same bits: an element is HMAC-SHA-256 of the
stretch under the filter's key, eight words of 32 bits, big-endian. The first, scaled to the number
of pieces (word · pieces >> 32), is the piece; each of the seven others, scaled to the bits of a
piece, is a bit there: bit n is the n mod 8-th lowest of byte n div 8.

What it says without the key is how many identifiers the chain has, by the bits that are set.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from struct import Struct

from agent.core.privacy.keys import ScopeKeys
from agent.core.recognition.means import IdentifierType

PIECE_BYTES = 4_000
"""With its row it fills one page of the till's file."""
PIECE_BITS = PIECE_BYTES << 3
HASHES = 7
"""By which a full piece errs once in 2^7: less than the one in a hundred that is promised."""
CAPACITY = 3_168
"""Identifiers of a full piece: bits · ln 2 / hashes, with which half of the bits are set."""
PIECES_MAX = 1 << 20
"""Three thousand million identifiers."""
FILTERED = frozenset(
    {
        IdentifierType.LOYALTY_CARD,
        IdentifierType.PHONE,
        IdentifierType.EMAIL,
        IdentifierType.WEB_ACCOUNT,
        IdentifierType.WALLET,
        IdentifierType.PAR,
    }
)
"""What is one person's. A name with a postcode may be two people's, and orders and receipts say
what they are by their form."""
_ROOM_PERCENT = 125
"""Made for a quarter more than there are: the next building of all pieces is far off."""
_WORDS = Struct(">8I")
_WORD_BITS = 32


def filter_element(keys: ScopeKeys, stretched: bytes) -> bytes:
    """Make of a stretched identifier what the filter of a scope is asked for: 32 bytes."""
    return hmac.digest(keys.filter, stretched, "sha256")


def piece_of(element: bytes, pieces: int) -> int:
    """Tell which of so many pieces an element falls into, from 0."""
    return int.from_bytes(element[:4], "big") * pieces >> _WORD_BITS


def is_in(element: bytes, bits: bytes | bytearray) -> bool:
    """Tell whether a piece holds an element, which must be one that falls into it."""
    return all(bits[place >> 3] >> (place & 7) & 1 for place in _places(element))


def put_in(element: bytes, bits: bytearray) -> None:
    """Set an element's bits in the piece it falls into; once is enough."""
    for place in _places(element):
        bits[place >> 3] |= 1 << (place & 7)


def build(elements: Iterable[bytes], pieces: int) -> list[bytearray]:
    """Build all pieces of a filter; the order of the elements does not matter."""
    made = [bytearray(PIECE_BYTES) for _ in range(pieces)]
    for one in elements:
        put_in(one, made[piece_of(one, pieces)])
    return made


def pieces_for(identifiers: int) -> int:
    """Say into how many pieces a filter of so many identifiers is cut, with room for growth.

    >>> pieces_for(0), pieces_for(5_000_000), pieces_for(5_000_000) * PIECE_BYTES
    (1, 1973, 7892000)
    """
    wanted = -(-identifiers * _ROOM_PERCENT // (100 * CAPACITY))
    return min(max(1, wanted), PIECES_MAX)


def is_full(identifiers: int, pieces: int) -> bool:
    """Tell whether a filter should be cut anew, into more pieces: it begins to err more often."""
    return identifiers > pieces * CAPACITY and pieces < PIECES_MAX


def errs_ppm(bits: bytes | bytearray) -> int:
    """Tell of how many strangers in a million a piece says that they are known: by its set bits."""
    ones = int.from_bytes(bits, "big").bit_count()
    all_set = 1_000_000
    for _ in range(HASHES):
        all_set = all_set * ones // PIECE_BITS
    return all_set


def _places(element: bytes) -> Iterable[int]:
    return (word * PIECE_BITS >> _WORD_BITS for word in _WORDS.unpack(element)[1:])
