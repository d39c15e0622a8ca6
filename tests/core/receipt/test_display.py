from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.quantities import Minor, Thousandths
from agent.core.receipt.display import (
    SPOKEN,
    Idle,
    Paid,
    Selling,
    Sold,
    display_lines,
    spoken_of,
)
from agent.core.receipt.width import width
from agent.core.receipt.words import WORDS

TEA = Sold("Earl Grey tea", Thousandths(1000), "each", Minor(250), Minor(250))


def lines(view, columns=20, rows=2, language="en", currency="EUR"):
    return display_lines(view, columns, rows, language, currency)


def test_the_line_and_the_total():
    """A customer could not follow what is charged."""
    assert ("Earl Grey tea   2.50", "Total         €12.30") == lines(Selling(TEA, Minor(1230)))


def test_a_third_row_shows_the_measure():
    """A weighed item's price could not be checked on a larger display."""
    plums = Sold("Plums", Thousandths(345), "kg", Minor(599), Minor(207))
    expected = ("Pflaumen", "0,345 kg × 5,99", "Summe         2,07 €")
    view = Selling(Sold("Pflaumen", *plums_rest(plums)), Minor(207))
    shown = lines(view, rows=4, language="de")
    assert ("Pflaumen        2,07", *expected[1:]) == shown


def plums_rest(sold):
    return (sold.quantity, sold.unit, sold.unit_price, sold.extension)


def test_names_give_way_to_amounts():
    """A long name would push the price off the display."""
    long = Sold("A very long name of something", Thousandths(1000), "each", Minor(99), Minor(99))
    assert "A very long nam 0.99" == lines(Selling(long, Minor(99)))[0]
    wide = Sold("漢字漢字漢字漢字漢字", Thousandths(1000), "each", Minor(99), Minor(99))
    assert "漢字漢字漢字漢   0.99"[:7] == lines(Selling(wide, Minor(99)))[0][:7]
    assert 20 == width(lines(Selling(wide, Minor(99)))[0])


def test_what_is_still_to_pay_after_a_part_was_paid():
    """A customer who pays by two means would not know the rest."""
    assert "To pay         €2.30" == lines(Selling(TEA, Minor(1230), Minor(230)))[1]


def test_the_change_is_what_stands_there_last():
    """A customer would not see what comes back."""
    paid = Paid(Minor(1230), Minor(2000), Minor(770))
    assert ("Given         €20.00", "Change         €7.70") == lines(paid)
    assert ("Change         €7.70",) == lines(paid, rows=1)
    assert ("Total         €12.30", "Given         €20.00", "Change         €7.70") == lines(
        paid, rows=4
    )


def test_paid_exactly_thanks():
    """A customer who pays by card would be left with the total."""
    shown = lines(Paid(Minor(1230), Minor(1230), Minor(0)))
    assert ("Total         €12.30", "     Thank you") == shown


def test_nobody_is_served():
    """The display would be dark, or show the sale before."""
    assert ("      Welcome", "    Corner Shop") == lines(Idle("Corner Shop"))


def test_every_line_voided_shows_the_total_alone():
    """A voided item would stay on the display."""
    assert ("Total          €0.00",) == lines(Selling(None, Minor(0)))


def test_a_tiny_display_shows_figures():
    """A display of a few characters would show parts of words."""
    assert ("2.50", "12.30") == lines(Selling(TEA, Minor(1230)), columns=5)
    assert ("2.", "12") == lines(Selling(TEA, Minor(1230)), columns=2)


def test_a_name_commands_nothing():
    """An item's name could clear the display or fill it."""
    bad = Sold("Tea\x1b@\n\x0c", Thousandths(1000), "each", Minor(1), Minor(1))
    assert all(char.isprintable() for char in "".join(lines(Selling(bad, Minor(1)))))


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_language_of_the_receipt_is_spoken(language):
    """A customer would be greeted in another language than on the receipt."""
    assert language in SPOKEN
    assert spoken_of(f"{language}-XX") == SPOKEN[language]


def test_another_language_is_english():
    """A language that is not there yet would stop the display."""
    assert SPOKEN["en"] == spoken_of("xx")


@given(
    st.text(max_size=40),
    st.integers(-(10**9), 10**9),
    st.integers(1, 40),
    st.integers(1, 4),
    st.sampled_from(sorted(SPOKEN)),
)
def test_everything_fits(name, amount, columns, rows, language):
    """A line would run into the next one."""
    sold = Sold(name, Thousandths(1500), "kg", Minor(abs(amount)), Minor(amount))
    views = (
        Selling(sold, Minor(amount)),
        Selling(sold, Minor(amount), Minor(1)),
        Paid(Minor(amount), Minor(0), Minor(1)),
        Idle(name),
    )
    for view in views:
        shown = display_lines(view, columns, rows, language, "EUR")
        assert len(shown) <= rows
        assert all(width(line) <= columns for line in shown)
