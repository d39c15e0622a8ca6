"""Card numbers in a text: found however they are written, and nothing else taken for one."""

from __future__ import annotations

import random
import time
from functools import partial
from timeit import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.card_numbers import card_numbers, masked
from agent.core.card_numbers.digits import chains, plain_digits
from agent.core.card_numbers.exempt import is_gtin
from agent.core.card_numbers.issuers import ISSUERS, passes_luhn, scheme_of
from tests.core.card_numbers.made_up import in_groups, number, of_every_issuer, with_gs1

VISA = "4111111111111111"
DIGITS = st.text("0123456789", min_size=1, max_size=22)


def test_numbers_of_every_issuer_are_found():
    """The cards of a whole scheme would be kept."""
    rng = random.Random(1)
    missed = [pan for pan in of_every_issuer(rng) if not card_numbers(pan) and not is_gtin(pan)]
    assert [] == missed


@pytest.mark.parametrize(
    "pan",
    [
        "4242424242424242",
        "4000056655665556",
        "5555555555554444",
        "2223003122003222",
        "5105105105105100",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "6011000990139424",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "3566002020360505",
        "3530111333300000",
        "6200000000000005",
        "6205500000000000004",
        "6759649826438453",
        "6304000000000000",
        "5000550000000029",
        "67030000000000003",
        "5019717010103742",
        "6362970000457013",
        "6062828888666688",
        "2200000000000004",
    ],
)
def test_the_numbers_that_terminals_are_tested_with_are_found(pan):
    """Whoever tries a well-known test number would find it kept."""
    found = card_numbers(f"paid with {pan}, thanks")
    assert [(10, 10 + len(pan), len(pan), pan[-4:])] == [
        (card.start, card.end, card.digits, card.shown) for card in found
    ]


@pytest.mark.parametrize(
    "text",
    [
        VISA,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111_1111_1111_1111",
        "4111 - 1111 - 1111 - 1111",
        "4111\u00a01111\u20091111\u20111111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "41 11 11 11 11 11 11 11",
        "411 111 111 111 111 1",
        "41111111 11111111",
        "411111 1111111111",
        "\uff14\uff11\uff11\uff11" + "\uff11" * 12,
        "\u0664\u0661\u0661\u0661 " + "\u0661" * 12,
        f"Visa{VISA}exp",
        f"*{VISA[1:]} {VISA}",
        f"1225 {VISA}",
        f"till 7 {VISA} 3 pieces",
        "7 8 4111 1111 1111 1111 9",
    ],
)
def test_a_card_number_is_found_however_it_is_written(text):
    """Blanks or dashes, as cards are printed, would hide the number."""
    shown = [(card.scheme, card.shown) for card in card_numbers(text)]
    if "\u0664" in text:
        assert [] == shown  # 4-12 is no layout of cards, and twelve digits can be a GTIN
    else:
        assert [("Visa", "1111")] == shown


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{VISA} 12/27", "****1111"),
        (f"{VISA} 1227", "****1111"),
        (f"{VISA} exp 12/2027 cvc 123 ok", "****1111 ok"),
        (f"{VISA} valid thru: 01-28, CVV2: 1234.", "****1111."),
        (f"{VISA} (123)", "****1111)"),
        (f"{VISA} gültig bis 12/27", "****1111"),
        (f"{VISA} exp", "****1111 exp"),
        (f"{VISA} 3 pieces", "****1111 3 pieces"),
        (f"{VISA} 13/27", "****1111 13/27"),
        (f"{VISA} 123456", "****1111 123456"),
    ],
)
def test_expiry_and_code_go_with_the_number(text, kept):
    """The code on a card's back must not be kept by anybody, whatever is in front of it."""
    assert kept == masked(text)


@pytest.mark.parametrize(
    "text",
    [
        f"%B{VISA}^DOE/JANE^25121010000000000000?",
        "%B4111 1111 1111 1111^DOE/JANE^^25121010000000000000?",
        f"B{VISA}^DOE/JANE MARY^2512101",
        f";{VISA}=25121010000000000000?",
        f"{VISA}=2512101",
        f"{VISA}D25121010000000000F",
        f"{VISA}d2512101",
        f";01{VISA}=724724100000000000030300=?",
        f"+{VISA}=2512101?",
        ";1234567890121=2512101?",
    ],
)
def test_track_data_is_found_by_its_form(text):
    """A stripe reader that types like a keyboard would leave a whole stripe in the journal."""
    [card] = card_numbers(f"x {text} y")
    assert ("track", 2) == (card.form, card.start)
    assert f"x ****{card.shown} y" == masked(f"x {text} y")


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112=2512101",
        f"{VISA[:-1]}2D2512101",
        "4006381333931=350",
        "a;4006381333931=350;b",
        "9999999999999995=2512101",
        f"x{VISA[:12]}^",
    ],
)
def test_what_only_resembles_track_data_is_left(text):
    """An assignment in a note would be masked."""
    assert () == card_numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no digits at all",
        "4111111111111112",
        "4222222222222",
        "411111111111",
        VISA + "0",
        "0" + VISA,
        VISA * 2,
        "9" * 18,
        "4111,1111,1111,1111",
        "4111/1111/1111/1111",
        "4111\n1111\n1111\n1111",
        "4111 1111 1111 1112",
        "41111 11111 11111 1",
        "4111   -   1111 1111 1111",
        "****1111 1111 1111 1111",
        "Order 302-1234567-1234567",
        "Tel +49 170 1234567 / 0171 7654321",
        "+628123456789014",
        "Tel 06 12 34 56 78 06 12 34 56 78",
        "20261122153500 20261122153500123",
        "2026-11-22 15:35:00.123456",
        "DE89 3704 0044 0532 0130 00",
        "DE89370400440532013000",
        "GB82-WEST-1234-5698-7654-32",
        "NO93 8601 1117 947",
        "4 006381 333932 100",
        "(00)340123450000000018",
        "40170725-4017-0725-4017-072540170725",
    ],
)
def test_other_numbers_are_left_alone(text):
    """Notes with dates, telephone numbers, accounts and order numbers would be refused."""
    assert () == card_numbers(text)


def test_accounts_are_left_alone_though_part_of_them_looks_like_a_card():
    """A note "refund to my account" would be masked, and nobody could pay the customer back."""
    account = "DE51 4111 1111 1111 1111 97"
    assert ("Visa",) == tuple(card.scheme for card in card_numbers(account))
    rest = int(account.replace(" ", "")[4:] + "131400")
    account = f"DE{98 - rest % 97:02} 4111 1111 1111 1111 97"
    assert () == card_numbers(account)
    assert f"{account} ****1111" == masked(f"{account} 4111 1111 1111 1111")


def test_freight_numbers_are_left_alone_behind_their_identifier():
    """A note about a pallet (AI 00) would be masked, or a wrong one not."""
    rng = random.Random(2)
    pan = next(
        pan for pan in (number(rng, "62", 18) for _ in range(1000)) if with_gs1(pan[:-1]) == pan
    )
    assert () == card_numbers(f"(00){pan}")
    assert 1 == len(card_numbers(f"(99){pan}"))
    other = next(
        pan for pan in (number(rng, "62", 18) for _ in range(1000)) if with_gs1(pan[:-1]) != pan
    )
    assert 1 == len(card_numbers(f"(00){other}"))


@pytest.mark.parametrize("layout", [(4, 6, 4), (14,), (4, 4, 4, 2)])
def test_only_the_layout_of_a_card_makes_a_card_of_a_gtin(layout):
    """A case's GTIN-14 in the range of a card issuer would be refused, or a card be kept."""
    rng = random.Random(3)
    pans = [number(rng, "36", 14) for _ in range(300)]
    both = [pan for pan in pans if is_gtin(pan)]
    assert both
    for pan in pans:
        found = card_numbers(in_groups(pan, layout))
        assert (pan not in both or layout == (4, 6, 4)) == bool(found)


@given(st.data())
def test_no_gtin_is_taken_for_a_card_number(data):
    """An article whose number has a card issuer's beginning could not be written down."""
    body = data.draw(st.sampled_from([7, 11, 12, 13]))
    gtin = with_gs1(data.draw(st.text("0123456789", min_size=body, max_size=body)))
    before, after = data.draw(st.tuples(st.text(max_size=5), st.text(max_size=5)))
    text = f"{before} {gtin} {after}"
    if text.isascii() and not any(sign.isdigit() for sign in before + after):
        assert text == masked(text)


@pytest.mark.parametrize(
    ("digits", "layout"),
    [(13, (1, 6, 6)), (12, (1, 5, 5, 1)), (14, (1, 2, 5, 5, 1)), (13, (13,)), (8, (8,))],
)
def test_no_gtin_is_taken_for_part_of_a_card_number(digits, layout):
    """An article number with a quantity or another number behind it would be refused."""
    rng = random.Random(4)
    for _ in range(500):
        body = "".join(str(rng.randrange(10)) for _ in range(digits - 1))
        gtin = in_groups(with_gs1(body), layout)
        other = str(rng.randrange(10 ** rng.randrange(1, 8)))
        for text in (f"{gtin} {other}", f"{other} {gtin}", f"{other} {gtin} {gtin}"):
            assert text == masked(text)


@given(st.lists(st.tuples(DIGITS, st.sampled_from(["", " ", "-", ". ", ", ", "*", "^", "="]))))
def test_what_is_masked_holds_no_card_number(parts):
    """Masking a number could leave another one behind, or grow the text."""
    text = "".join(digits + between for digits, between in parts)
    assert () == card_numbers(masked(text))
    assert len(masked(text)) <= len(text)


@given(st.text(max_size=40))
def test_any_text_can_be_looked_at(text):
    """One odd character in a note would stop a sale."""
    assert len(text) == len(plain_digits(text))
    assert masked(text) == masked(masked(text))
    assert [] == [chain for chain in chains(text) if not chain]


@given(st.integers(0, 10**6), st.text("ab ,.-*", max_size=6), st.text("ab ,.*", max_size=6))
def test_a_number_is_found_in_any_text(seed, before, after):
    """What stands around a number would hide it."""
    pan = number(random.Random(seed), "4", 16)
    found = card_numbers(f"{before} {pan} {after}")
    hidden = (before + " ").endswith("*")
    assert hidden or [pan[-4:]] == [card.shown for card in found]


def test_numbers_that_overlap_are_hidden_whole():
    """Of two numbers that share digits, what is shown of one would be part of the other."""
    text = "4000 0000 0000 4111 1111 1111 1111"
    assert "****1111" == masked(text)
    assert [(0, len(text))] == [(card.start, card.end) for card in card_numbers(text)]
    inside = f"%B{VISA}^{VISA}^{VISA}?"
    assert ["track"] == [card.form for card in card_numbers(inside)]
    assert "****1111, ****1111" == masked(f"{VISA}, {VISA}")


def test_a_number_that_appears_by_masking_is_masked_too():
    """What is kept would hold a card number after all."""
    spelt = " ".join(VISA)
    assert "****1111 ****1111" == masked(f"{spelt} {VISA}=2512101")


def test_long_texts_are_looked_at_in_their_length():
    """A pasted page would stop the till for minutes."""

    def seconds(text):
        looking = partial(card_numbers, text)
        # The least of three, without the collector: its pause is not the text's.
        return min(repeat(looking, timer=time.process_time, repeat=3, number=1))

    for part in ("4111 1111 1111 1112 ", "1 ", ";123456789012=", "1234567890", "DE12 3456 "):
        assert seconds(part * 400) < 50 * max(seconds(part * 40), 0.0005)


def test_the_ranges_are_well_formed():
    """A range with a typing error would let the cards of a scheme pass."""
    for issuer in ISSUERS:
        for first, last in issuer.ranges:
            assert len(first) == len(last)
            assert first <= last
            assert (first + last).isdigit()
        assert issuer.lengths <= set(range(14, 20))
    assert scheme_of("4111") is None


def test_a_wrong_digit_is_noticed():
    """A number would be taken for a card's that can be none."""
    for place in range(16):
        for digit in "0123456789":
            other = VISA[:place] + digit + VISA[place + 1 :]
            assert passes_luhn(other) == (other == VISA)


def test_keys_and_hashes_are_left_alone():
    """One device in some hundreds could not enrol: sixteen digits stand somewhere in its key."""
    pan = "4111111111111111"
    key = f"a1f{pan}{'bc' * 23}"
    assert key == masked(key)
    assert f"paid by f{pan}" != masked(f"paid by f{pan}")
