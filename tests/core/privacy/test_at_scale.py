"""The two figures that matter at the size of a chain: how often the filter errs, and GTINs."""

from __future__ import annotations

import hashlib
import random
import sys

import pytest

from agent.core.card_numbers.exempt import is_gtin
from agent.core.card_numbers.issuers import passes_luhn, scheme_of
from agent.core.card_numbers.masking import masked
from agent.core.privacy.bloom import (
    PIECE_BYTES,
    build,
    errs_ppm,
    is_in,
    piece_of,
    pieces_for,
)
from tests.core.card_numbers.made_up import with_gs1, with_luhn

PER_DIGEST = 1 << 14
ISSUERS_OF_FOURTEEN = ("300", "305", "3095", "36", "38", "39", "50", "56", "58", "60", "69")
LAYOUTS = ("{}", "GTIN {}.", "{} 12", "12 {}", "4111 {} 1111", "{0} {0}", "(01){}", "gtin={};")


def elements(name, count):
    """Make elements as they come out of the keyed hash: 32 bytes nobody can tell from random."""
    for part in range(count // PER_DIGEST + 1):
        block = hashlib.shake_128(f"{name} {part}".encode()).digest(32 * PER_DIGEST)
        for at in range(min(PER_DIGEST, count - part * PER_DIGEST)):
            yield block[32 * at : 32 * at + 32]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("people", [50_000, 5_000_000])
def test_a_full_filter_errs_less_than_once_in_a_hundred(people, capsys):
    """At the size of a country every tenth new customer would be sent away."""
    # As full as it may become before HQ cuts it into more pieces.
    pieces = pieces_for(people) * 4 // 5
    made = build(elements("known", people), pieces)
    strangers = 200_000
    wrong = sum(_knows(made, one) for one in elements("stranger", strangers))
    missed = sum(not _knows(made, one) for one in elements("known", min(people, strangers)))
    with capsys.disabled():
        told = f"{wrong * 100 / strangers:.3f} % of strangers, {missed} of the known missed"
        size = pieces * PIECE_BYTES / 1_000_000
        errs = sum(errs_ppm(each) for each in made) // pieces
        sys.stdout.write(f"\n{people:,}: {size:.1f} MB, {told}, {errs} ppm by its bits\n")
    assert 0 == missed
    assert 0.006 < wrong / strangers < 0.01


def _knows(pieces, element):
    return is_in(element, pieces[piece_of(element, len(pieces))])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_article_number_is_refused(capsys):
    """An article whose number lies in a card issuer's range could not be written down."""
    rng = random.Random(14)
    in_range = luhn_too = 0
    for _ in range(60_000):
        beginning = rng.choice(ISSUERS_OF_FOURTEEN)
        case = with_gs1(beginning + "".join(rng.choices("0123456789", k=13 - len(beginning))))
        in_range += scheme_of(case) is not None
        luhn_too += passes_luhn(case)
        for gtin in (case, with_gs1(case[:12])):
            text = rng.choice(LAYOUTS).format(gtin)
            assert text == masked(text)
    with capsys.disabled():
        sys.stdout.write(
            f"\n0 of {in_range:,} GTINs in an issuer's range, {luhn_too:,} pass Luhn\n"
        )


@pytest.mark.long
def test_how_many_cards_are_taken_for_articles(capsys):
    """More cards would be kept than the room's page says."""
    rng = random.Random(15)
    kept = {}
    for length in range(14, 20):
        beginning = {14: "36", 15: "37", 16: "4", 17: "67", 18: "67", 19: "62"}[length]
        pans = [
            with_luhn(beginning + "".join(rng.choices("0123456789", k=length - 1 - len(beginning))))
            for _ in range(20_000)
        ]
        kept[length] = sum(pan == masked(pan) for pan in pans)
        assert kept[length] == sum(is_gtin(pan) for pan in pans)
    with capsys.disabled():
        sys.stdout.write(f"\nof 20,000 card numbers of each length, kept as articles: {kept}\n")
    assert [kept[14]] == [count for count in kept.values() if count]
