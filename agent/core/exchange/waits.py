"""How long to leave HQ alone: full jitter, so that a thousand stores never knock together."""

from __future__ import annotations

FIRST_CEILING_MS = 1_000
WAIT_MS_MAX = 300_000
SPREAD_MS_MAX = 60_000
"""No first contact waits longer, however many stores HQ has."""
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


def spread_ms(hint_ms: int, draw: int) -> int:
    """Draw when to make the first contact after a start or an outage: anywhere within HQ's hint.

    >>> spread_ms(0, 7), spread_ms(20_000, 25_003), spread_ms(10**9, 60_000)
    (0, 5002, 60000)
    """
    return draw % (min(max(hint_ms, 0), SPREAD_MS_MAX) + 1)
