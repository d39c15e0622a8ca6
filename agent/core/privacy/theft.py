"""What a stolen till costs whoever wants its customers, key included: said in numbers.

Without the scope's key nothing can be tried. With it, a guess of an identifier costs a stretch, and
one guess is tried against all customers at once: the pepper is the same for all, since a look-up
must find a row without knowing whose it is. So the price is that of all guesses there are, and what
matters is how many there are: a telephone number has a thousand million, a card number with 45
random bits has so many that nobody tries.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.core.privacy.sealing import Layer

_NANOSECONDS = 1_000_000_000
_DAY_S, _HOUR_S = 86_400, 3_600


class Guessable(msgspec.Struct, frozen=True):
    """A kind of identifier, as somebody who guesses it sees it."""

    kind: str
    candidates: int
    """How many there could be: what has to be tried."""
    opens: Layer
    basis: str
    """Why so many."""


class Theft(msgspec.Struct, frozen=True):
    """What one kind of identifier costs with the key at hand, on cores like the measured one."""

    kind: str
    candidates: int
    opens: Layer
    core_seconds: int
    """To try all: every customer with such an identifier is found."""
    core_days: int
    cents: int
    """At the price of a rented core."""
    basis: str


KINDS = (
    Guessable("loyalty card (new)", 1 << 45, Layer.WHOLE, "45 random bits"),
    Guessable("wallet pass", 1 << 45, Layer.WHOLE, "45 random bits"),
    Guessable("e-mail address", 10**10, Layer.WHOLE, "lists of addresses that were leaked"),
    Guessable("phone number", 10**9, Layer.WHOLE, "mobile numbers of a country of 80 million"),
    Guessable("payment account reference", 36**25, Layer.NAME, "25 letters and digits"),
    Guessable("loyalty card (imported)", 10**8, Layer.NAME, "eight digits that run on"),
    Guessable("web account", 10**8, Layer.NAME, "eight digits that run on"),
    Guessable("name and postcode", 10**9, Layer.NOTHING, "100,000 names in 10,000 postcodes"),
)
"""What is assumed of each kind; a chain with other cards counts its own."""


def candidates_of(bits: int) -> int:
    """Say how many candidates an entropy leaves.

    >>> candidates_of(30)
    1073741824
    """
    return 1 << bits


def cost_table(
    kinds: Sequence[Guessable], *, stretch_ns: int, check_ns: int, cents_per_core_hour: int
) -> tuple[Theft, ...]:
    """Compute what each kind costs, the cheapest first.

    Args:
        kinds: see `KINDS`.
        stretch_ns: of one stretch on one core, as measured.
        check_ns: of token and look-up, which come on top.
        cents_per_core_hour: what a core is rented for.

    Raises:
        ValueError: something that costs nothing or less.
    """
    if min(stretch_ns, check_ns, cents_per_core_hour) <= 0:
        raise ValueError("a stretch, a check and a core cost something")
    costs = [_cost(kind, stretch_ns + check_ns, cents_per_core_hour) for kind in kinds]
    return tuple(sorted(costs, key=lambda cost: (cost.core_seconds, cost.kind)))


def _cost(kind: Guessable, guess_ns: int, cents_per_core_hour: int) -> Theft:
    seconds = kind.candidates * guess_ns // _NANOSECONDS
    return Theft(
        kind=kind.kind,
        candidates=kind.candidates,
        opens=kind.opens,
        core_seconds=seconds,
        core_days=seconds // _DAY_S,
        cents=seconds * cents_per_core_hour // _HOUR_S,
        basis=kind.basis,
    )
