"""One-time codes by time (TOTP, RFC 6238, over HOTP, RFC 4226), checked without a network.

The clock decides here whether a code is of this moment, and nothing else: who shows the pass is
known by its id, whatever the clocks say (P11). A code of the right secret but another time is
therefore told apart from a wrong one, with how far the clocks are apart, so that somebody can put
them right.
"""

from __future__ import annotations

from collections.abc import Iterator
from hmac import compare_digest, digest
from typing import Literal

import msgspec

SKEW_SECONDS = 60
"""How far the clocks of phone and till may be apart."""
DIAGNOSED_SECONDS = 7260
"""How far apart is still told: a clock on summer or winter time, or in the next zone but one."""

_SECRET_BYTES_MIN = 16
_DIGITS = (6, 8)
_PERIOD_MIN = 10
"""Shorter ones nobody can hold under a scanner in time."""
_COUNTER_BYTES = 8
_TRUNCATED_BYTES = 4


class TotpKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """The secret a pass shares with HQ and with tills that hold its card, with its parameters."""

    secret: bytes
    digits: int = 8
    period: int = 30
    """Seconds."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha1"
    """Wallets know SHA-1 only; against HMAC its weaknesses do not help."""

    def __post_init__(self) -> None:
        """Refuse what cannot make safe codes (RFC 4226, section 4, R6 and 5.3).

        Raises:
            ValueError: a short secret, or digits or a period out of range.
        """
        if len(self.secret) < _SECRET_BYTES_MIN:
            raise ValueError(f"a secret has at least {_SECRET_BYTES_MIN} bytes")
        if not _DIGITS[0] <= self.digits <= _DIGITS[1]:
            raise ValueError(f"a code has {_DIGITS[0]} to {_DIGITS[1]} digits")
        if not _PERIOD_MIN <= self.period <= SKEW_SECONDS:
            raise ValueError(f"a code changes every {_PERIOD_MIN} to {SKEW_SECONDS} seconds")


def code_at(key: TotpKey, counter: int) -> str:
    """Compute the code of a period.

    Args:
        key: of the pass.
        counter: whole periods since 1970 (RFC 6238, section 4.2).

    >>> code_at(TotpKey(b"12345678901234567890"), 59 // 30)
    '94287082'
    """
    mac = digest(key.secret, counter.to_bytes(_COUNTER_BYTES, "big"), key.algorithm)
    # Dynamic truncation (RFC 4226, section 5.3): the last four bits say where the code is taken.
    begin = mac[-1] & 0xF
    number = int.from_bytes(mac[begin : begin + _TRUNCATED_BYTES], "big") & 0x7FFFFFFF
    return f"{number % 10**key.digits:0{key.digits}d}"


def counter_of(key: TotpKey, code: str, now: int) -> int | None:
    """Find the period whose code this is, the nearest to now; None where it is none's.

    Args:
        key: of the pass.
        code: as shown.
        now: Unix seconds.
    """
    for counter in _nearest_first(now // key.period, DIAGNOSED_SECONDS // key.period):
        if compare_digest(code_at(key, counter), code):
            return counter
    return None


def seconds_off(key: TotpKey, counter: int, now: int) -> int:
    """Tell how far now is from a period: 0 within it, positive where the phone is behind."""
    begin = counter * key.period
    if now < begin:
        return now - begin
    return max(0, now - (begin + key.period - 1))


def _nearest_first(middle: int, reach: int) -> Iterator[int]:
    yield middle
    for distance in range(1, reach + 1):
        if middle >= distance:
            yield middle - distance
        yield middle + distance
