"""Loyalty cards: making numbers, reading them back, and noticing mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.barcode import BarcodeRules, read
from agent.core.faults import InputFault
from agent.core.recognition import (
    Identifier,
    IdentifierType,
    RecognitionRules,
    means_of,
    means_of_typed,
    new_card_number,
    reasons_of,
)

RULES = RecognitionRules(card_prefixes=("LC", "29"), order_prefixes=("WEB-",), region="DE")
BARCODES = BarcodeRules((), "EUR")
CARD = new_card_number("LC", b"\x12\x34\x56\x78\x9a\xbc")
RANDOM = st.binary(min_size=6, max_size=16)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _card(value: str) -> Identifier:
    return Identifier(IdentifierType.LOYALTY_CARD, value)


@given(RANDOM)
def test_a_new_card_reads_back(random):
    """A card just handed out would not be recognised."""
    number = new_card_number("LC", random)
    assert (_card(number),) == means_of(read(b"]C0" + number.encode(), BARCODES), RULES)
    assert reasons_of(number, RULES) == ()


@given(RANDOM, st.integers(2, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(random, place, wrong):
    """A mistyped card would silently be nobody's, or somebody else's."""
    number = new_card_number("LC", random)
    mistyped = number[:place] + wrong + number[place + 1 :]
    names = [reason.name for reason in reasons_of(mistyped, RULES)]
    assert (["wrong-check-character"] if mistyped != number else []) == names


def test_most_swaps_are_noticed():
    """Two characters typed in the wrong order would go unnoticed."""
    number = CARD
    places = [i for i in range(2, 11) if number[i] != number[i + 1]]
    swapped = [number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in places]
    noticed = [text for text in swapped if reasons_of(text, RULES)]
    assert len(noticed) >= len(swapped) - 1


def test_forty_five_random_bits_are_in_the_number():
    """Card numbers could be guessed."""
    assert (
        len(
            {
                new_card_number("LC", bytes([0, 0, 0, 0, n, m]))
                for n in range(256)
                for m in range(256)
            }
        )
        == 65536
    )
    assert new_card_number("LC", bytes(6)) != new_card_number("LC", b"\x10" + bytes(5))
    assert len(CARD) == len("LC") + 9 + 1


def test_too_little_randomness_is_refused():
    """A broken generator would make guessable cards."""
    with pytest.raises(ValueError, match="45 bits"):
        new_card_number("LC", bytes(5))


@pytest.mark.parametrize(
    "typed",
    [CARD.lower(), f" {CARD[:2]} {CARD[2:6]}-{CARD[6:9]} {CARD[9:]} ", CARD + "\t"],
)
def test_typed_cards_are_normalised(typed):
    """The cashier would have to type exactly what is printed."""
    assert _card(CARD) == means_of_typed(typed, None, RULES)[0]
    assert (_card(CARD),) == means_of_typed(typed, "loyalty_card", RULES)


def test_letters_taken_for_digits_are_put_right():
    """O for 0 and I or L for 1 would make a card unknown."""
    number = new_card_number("LC", bytes([1, 0, 8, 0, 33, 0]))
    assert "0" in number[2:]
    assert "1" in number[2:]
    typed = number[:2] + number[2:].replace("0", "o").replace("1", "l")
    assert (_card(number),) == means_of_typed(typed, "card", RULES)


def test_a_wrong_check_character_is_told_but_still_looked_up():
    """Either the mistake would go untold, or an imported card of this length could not be used."""
    wrong = CARD[:-1] + ("0" if CARD[-1] != "0" else "1")
    reading = read(wrong.encode(), BARCODES)
    assert (_card(wrong),) == means_of(reading, RULES)
    assert [reason.name for reason in reasons_of(reading, RULES)] == ["wrong-check-character"]
    assert wrong not in reasons_of(reading, RULES)[0].detail


def test_letters_outside_the_alphabet_are_a_wrong_check_character():
    """A card with a U, which no new number has, would raise."""
    assert reasons_of("LC00000000U0", RULES)[0].name == "wrong-check-character"


@pytest.mark.parametrize(
    ("text", "value"),
    [("LC0001234", "LC0001234"), ("lc-0001-234", "LC0001234"), ("2900000000018", "2900000000018")],
)
def test_imported_cards_keep_their_number(text, value):
    """Cards of the older programme would not be recognised any more."""
    assert _card(value) in means_of(read(text.encode(), BARCODES), RULES)
    assert reasons_of(text, RULES) == ()


@pytest.mark.parametrize("text", ["LC12", "LCD", "XX0001234", "LC_000_1234", "LC" + "0" * 70, "L"])
def test_other_texts_are_no_cards(text):
    """Any word beginning with the prefix would be taken for a customer."""
    assert means_of(read(text.encode(), BARCODES), RULES) == ()


def test_a_card_of_unknown_prefix_can_be_said_to_be_one():
    """A partner's card could not even be typed."""
    assert (_card("K4711"),) == means_of_typed("k-4711", "card", RULES)
    with pytest.raises(InputFault) as caught:
        means_of_typed("k_4711", "card", RULES)
    assert "k_4711" not in caught.value.detail


@pytest.mark.parametrize(
    "scan",
    [
        "]C18018952012345678900007",
        "8018952012345678900007",
        "]Q1https://example.com/8018/952012345678900007",
    ],
)
def test_a_gsrn_is_a_card(scan):
    """A customer with a GS1 service number would not be recognised."""
    reading = read(scan.encode(), BARCODES)
    assert (_card("952012345678900007"),) == means_of(reading, RULES)


def test_a_gsrn_with_a_wrong_check_digit_is_none():
    """A misread service number would be looked up."""
    assert means_of(read(b"8018952012345678900008", BARCODES), RULES) == ()
