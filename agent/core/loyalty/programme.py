"""A chain's programme as one value: what earns, what it is worth, and how much without asking.

HQ publishes it to all tills as the rule `loyalty`; a till earns and takes gift cards by the newest
it was told of, and what it pays for has HQ's signature by itself (`leases`).
"""

from __future__ import annotations

from hashlib import scrypt

import msgspec

from agent.core.faults import InputFault
from agent.core.loyalty.leases import GIFT_CAPS, POINTS_CAPS, Caps
from agent.core.loyalty.rules import (
    FACE_VALUE,
    GIFT_TENDER,
    POINTS_TENDER,
    VALUE_MAX,
    EarnRule,
    Expiry,
    Worth,
    require_expiry,
    require_rules,
    require_worth,
)

RULE = "loyalty"
"""What the programme is called among the rules HQ publishes."""
POINTS = "points"
"""The unit that points are counted in, and that a card shows."""
GIFT_PREFIX = "gift-"
"""What the owner of a gift card's balance begins with; no party's id does."""
GIFT_NUMBER_MIN = 4
_GIFT_NUMBER_MAX = 64
_GIFT_DOMAIN = b"till-agent gift card v1"
_GIFT_BYTES = 16
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""No digits: nothing in it can ever look like the number of a payment card."""
_COST = 2**14
"""scrypt's N (RFC 7914): whoever reads the books tries 20 numbers a second and core."""


class Programme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What HQ publishes; the empty one earns nothing and takes nothing."""

    version: int = 0
    """Counted by HQ; whoever writes a programme leaves it out."""
    rules: tuple[EarnRule, ...] = ()
    worth: Worth | None = None
    """Of points; None: nobody can pay with them."""
    points_offline: Caps = POINTS_CAPS
    """What points of one balance may pay on one day without asking HQ."""
    gift_offline: Caps = GIFT_CAPS
    gift_items: tuple[str, ...] = ()
    """Item ids or GTINs that are gift cards: a line of one charges the card it names."""
    in_advance: bool = False
    """Whether a till that sold to somebody gets a lease of their points for the next time, so that
    they can pay with them there while HQ is away."""
    expiry: Expiry | None = None
    """When points end that nobody spends; None: never."""

    def worth_of(self, unit: str) -> Worth | None:
        """Tell what a unit pays; None: nothing."""
        return self.worth if unit == POINTS else FACE_VALUE

    def caps_of(self, unit: str) -> Caps:
        """Tell how much of a unit may be spent without HQ."""
        return self.points_offline if unit == POINTS else self.gift_offline


def unit_of(kind: str, currency: str) -> str | None:
    """Tell which unit a kind of tender pays with; None: it is no value of ours.

    >>> unit_of("points", "EUR"), unit_of("gift_card", "EUR"), unit_of("cash", "EUR")
    ('points', 'EUR', None)
    """
    return {POINTS_TENDER: POINTS, GIFT_TENDER: currency}.get(kind)


def gift_owner(number: str) -> str:
    """Name the balance of a gift card by its number, which nobody reads back out of it.

    Args:
        number: as printed or scanned; spaces, hyphens and letter case do not count.

    Raises:
        InputFault: `gift-number`: it cannot be one.
    """
    plain = "".join(number.split()).replace("-", "").upper()
    if not (
        GIFT_NUMBER_MIN <= len(plain) <= _GIFT_NUMBER_MAX and plain.isascii() and plain.isalnum()
    ):
        raise InputFault(
            f"a gift card's number has {GIFT_NUMBER_MIN} to {_GIFT_NUMBER_MAX} letters and digits",
            remedy="scan the card, or type the number that is printed on it",
            name="gift-number",
        )
    stretched = scrypt(plain.encode(), salt=_GIFT_DOMAIN, n=_COST, r=8, p=1, dklen=_GIFT_BYTES)
    return GIFT_PREFIX + stretched.hex().translate(_LETTERS)


def read_programme(body: bytes) -> Programme:
    """Read a programme and refuse what cannot be meant.

    Raises:
        InputFault: `programme`, or as `require_rules`, `require_worth` and `require_expiry` say.
    """
    try:
        programme = msgspec.json.decode(body, type=Programme)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(f"cannot be read: {error}") from error
    require_rules(programme.rules)
    if programme.worth is not None:
        require_worth(programme.worth)
    if programme.expiry is not None:
        require_expiry(programme.expiry)
    for caps in (programme.points_offline, programme.gift_offline):
        if not 0 <= caps.offline <= VALUE_MAX:
            raise _refused(f"lets {caps.offline} be spent without HQ")
    return programme


def _refused(why: str) -> InputFault:
    return InputFault(
        f"the loyalty programme {why}",
        remedy="GET /v1/loyalty/programme of HQ shows its shape; amounts are in minor units, 0 to "
        f"{VALUE_MAX}",
        name="programme",
    )
