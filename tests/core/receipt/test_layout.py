"""Documents to lines: the same for paper, picture and page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.receipt import LaidLine, ReceiptDocument, lay_out, plain_text
from agent.core.receipt.document import Barcode, Cut, Feed, Qr, Row, Rule, Text
from agent.core.receipt.layout import COLUMNS_MAX, COLUMNS_MIN, FEED_MAX, barcode_columns
from agent.core.receipt.width import width


def document(*blocks):
    return ReceiptDocument("en", blocks)


def laid(*blocks, columns=20):
    return lay_out(document(*blocks), columns)


def lines(*blocks, columns=20):
    return [line.text for line in laid(*blocks, columns=columns)]


def test_a_row_keeps_its_amount_on_the_right_edge():
    """Amounts would not stand below each other."""
    assert ["Tea             4.99"] == lines(Row("Tea", "4.99"))


def test_a_long_name_wraps_and_its_amount_stands_on_the_last_line():
    """The name would run into its price, or the price be cut."""
    assert ["Very fine tea", "from Assam      4.99"] == lines(
        Row("Very fine tea from Assam", "4.99")
    )


def test_a_right_side_without_room_gets_its_own_line():
    """A receipt number beside a long word would be cut."""
    assert ["Receipt", "   store-1-t-ab12-77"] == lines(Row("Receipt", "store-1-t-ab12-77"))
    assert ["Receipt", "store-0001-till-1-ab", "              12-345"] == lines(
        Row("Receipt", "store-0001-till-1-ab12-345")
    )
    assert ["store-0001-till-1-ab", "                  12"] == lines(
        Row("", "store-0001-till-1-ab12")
    )


def test_a_row_with_one_side_only():
    """A heading in a row would be padded away, or an amount without a name lost."""
    assert ["Heading"] == lines(Row("Heading"))
    assert ["                4.99"] == lines(Row("", "4.99"))


def test_a_right_side_never_breaks_a_line():
    """A line break in an amount would shift all that follows."""
    assert ["Tea               4 9"] == lines(Row("Tea", "4\n9"), columns=21)


def test_double_size_counts_twice():
    """The total, the largest thing on the receipt, would not fit on it."""
    line = laid(Row("Total", "12.50", double=True, bold=True), columns=32)[0]
    assert ("Total      12.50", True, True) == (line.text, line.double, line.bold)
    assert ["A title of", "two lines"] == lines(Text("A title of two lines", double=True))


def test_wide_text_counts_twice():
    """An amount behind Chinese text would be pushed off the paper."""
    assert ["茶茶            4.99"] == lines(Row("茶茶", "4.99"))


def test_every_block_has_its_line():
    """A device would not know what to do, or do it at the wrong place."""
    assert (
        LaidLine("text", "Hi", align="center"),
        LaidLine("rule", "-" * 20),
        LaidLine("feed"),
        LaidLine("feed"),
        LaidLine("barcode", "ab", align="center", data="ab"),
        LaidLine("qr", align="center", data="https://x.example"),
        LaidLine("cut"),
    ) == laid(
        Text("Hi", align="center"), Rule(), Feed(2), Barcode("ab"), Qr("https://x.example"), Cut()
    )


@pytest.mark.parametrize(("asked", "fed"), [(-3, 0), (0, 0), (1, 1), (10**9, FEED_MAX)])
def test_a_feed_has_an_end(asked, fed):
    """A document could empty the roll."""
    assert fed == len(laid(Feed(asked)))


def test_a_symbol_too_wide_for_the_paper_becomes_a_qr_code():
    """A printer would leave the receipt's number out without a word."""
    number = "store-0001-till-1-ab12-345"
    found = laid(Barcode(number), columns=42)
    assert [("qr", number, ""), ("text", "", number)] == [
        (line.kind, line.data, line.text) for line in found
    ]
    assert "barcode" == laid(Barcode(number), columns=COLUMNS_MAX)[0].kind
    assert "qr" == laid(Barcode("é"), columns=42)[0].kind


def test_a_barcode_as_wide_as_the_paper_is_printed():
    """Shops with short ids would get QR codes without need."""
    data = "store-1-t-1-ab12"
    columns = barcode_columns(data)
    assert "barcode" == laid(Barcode(data), columns=columns)[0].kind
    assert "qr" == laid(Barcode(data), columns=columns - 1)[0].kind


@pytest.mark.parametrize("columns", [COLUMNS_MIN - 1, 0, -1, COLUMNS_MAX + 1])
def test_a_paper_nobody_has_is_refused(columns):
    """A wrong setting would end in a loop or a blank receipt."""
    with pytest.raises(InputFault) as fault:
        laid(Rule(), columns=columns)
    assert "80 mm" in fault.value.remedy


words = st.text(max_size=60)
blocks = st.one_of(
    st.builds(
        Text, words, st.sampled_from(["left", "center", "right"]), st.booleans(), st.booleans()
    ),
    st.builds(Row, words, words, st.booleans(), st.booleans()),
    st.builds(Barcode, words),
)


@given(st.lists(blocks, max_size=4), st.integers(COLUMNS_MIN, 60))
def test_no_line_is_wider_than_the_paper_and_no_letter_is_lost(found, columns):
    """Some name, somewhere, would shift or lose what follows."""
    for block in found:
        for line in laid(block, columns=columns):
            room = columns // 2 if line.double else columns
            assert line.kind == "qr" or width(line.text) <= room
    for block in found:
        if isinstance(block, Row):
            text = "".join(line.text for line in laid(block, columns=columns))
            letters = [c for c in block.left + block.right if c.isalnum()]
            assert letters == [c for c in text if c.isalnum()]


def test_plain_text_aligns_and_names_symbols():
    """A log of the demo would not show what the paper shows."""
    found = plain_text(
        document(
            Text("mid", align="center", double=True),
            Text("end", align="right"),
            Row("Total", "9", double=True),
            Barcode("ab"),
            Qr("x"),
            Cut(),
        ),
        20,
    )
    assert found == (
        "        mid\n                 end\nTotal              9\n     [|| ab ||]\n        [QR]\n"
    )
