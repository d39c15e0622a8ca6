"""The programme: read whole or refused, and gift cards named by what nobody reads back."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.faults import InputFault
from agent.core.loyalty import (
    FACE_VALUE,
    Caps,
    EarnRule,
    Expiry,
    Programme,
    Worth,
    gift_owner,
    read_programme,
    unit_of,
)

PROGRAMME = Programme(
    rules=(EarnRule("base", 1, points=1, per=100),),
    worth=Worth(100, 100),
    gift_items=("gift",),
    in_advance=True,
    expiry=Expiry(24, "2026-12-01"),
)


def test_what_is_published_is_what_is_read():
    """Tills would earn by other rules than HQ has set."""
    assert PROGRAMME == read_programme(msgspec.json.encode(PROGRAMME))


def test_an_empty_programme_earns_and_takes_nothing():
    """A shop without a programme would hand out points nobody has decided on."""
    assert Programme() == read_programme(b"{}")
    assert None is Programme().worth_of("points")
    assert FACE_VALUE == Programme().worth_of("EUR")


def test_points_and_gift_cards_have_caps_of_their_own():
    """A gift card, which is whoever's who holds it, could be spent offline like points."""
    assert (Caps(2000), Caps(0)) == (PROGRAMME.caps_of("points"), PROGRAMME.caps_of("EUR"))
    assert Worth(100, 100) == PROGRAMME.worth_of("points")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"nothing", "programme"),
        (b'{"rulez": []}', "programme"),
        (b'{"points_offline": {"offline": -1}}', "programme"),
        (b'{"gift_offline": {"offline": 1000000001}}', "programme"),
        (b'{"worth": {"points": 0, "minor": 1}}', "worth"),
        (b'{"expiry": {"months": 0}}', "expiry"),
        (b'{"rules": [{"rule_id": "", "version": 1, "points": 1, "per": 1}]}', "earn-rule"),
    ],
)
def test_what_cannot_be_meant_is_refused(body, name):
    """A slip in a file would change what every till of the chain gives away."""
    with pytest.raises(InputFault) as caught:
        read_programme(body)
    assert name == caught.value.name
    assert caught.value.remedy


def test_a_gift_card_has_one_owner_however_its_number_is_typed():
    """Whoever types the number with spaces would stand before an empty card."""
    assert gift_owner("AB12 3456-7890") == gift_owner("ab1234567890")
    assert gift_owner("AB1234567890") != gift_owner("AB1234567891")


@pytest.mark.parametrize("number", ["", "123", "12 34 5ä", "1" * 65])
def test_what_is_no_number_charges_no_card(number):
    """Money would be loaded onto a card that nobody can hold."""
    with pytest.raises(InputFault) as caught:
        gift_owner(number)
    assert "gift-number" == caught.value.name


def test_only_our_own_value_has_a_unit():
    """Cash would be looked for among leases."""
    assert ("points", "CHF", None) == tuple(
        unit_of(kind, "CHF") for kind in ("points", "gift_card", "card")
    )
