"""How long to leave HQ alone: full jitter, so that a thousand stores never knock together."""

from __future__ import annotations

FIRST_CEILING_MS = 1_000
WAIT_MS_MAX = 300_000
_STEPS_PER_DOUBLING = 2
_DOUBLINGS_MAX = 9


def backoff_ms(failures: int, draw: int) -> int:
    """Draw a wait after so many failures in a row, 1 or more.

    The ceiling doubles at every second failure only: it then stays near the age of the outage, and
    a short one is noticed to be over within seconds.

    Args:
        failures: how often in a row HQ could not be reached.
        draw: a random number from 0 to 2**32 - 1.

    >>> [backoff_ms(failures, 2**32 - 1) for failures in (1, 2, 3, 5, 99)]
    [619, 619, 885, 1822, 152979]
    """
    doublings = min((failures - 1) // _STEPS_PER_DOUBLING, _DOUBLINGS_MAX)
    ceiling = min(FIRST_CEILING_MS << doublings, WAIT_MS_MAX)
    return draw % (ceiling + 1)


def asked_ms(delay_ms: int, failures: int, draw: int) -> int:
    """Wait as long as HQ asks for, and a jitter on top; no reply ever silences a till for good."""
    return min(max(delay_ms, 0), WAIT_MS_MAX) + backoff_ms(failures, draw)
