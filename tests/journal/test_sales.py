"""Finding completed sales, and the days they belong to."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import SaleCompleted, TillClosed
from agent.journal import chains, days, sales
from tests.journal.shop import close_day, give_back, line, sell, sign_on


@pytest.fixture
def three(write):
    """Three sales at one till, one at the other."""
    write(lambda conn: sell(conn, "other", "till-2"))
    for sale_id in ("sale-a", "sale-b", "sale-c"):
        write(lambda conn, sale_id=sale_id: sell(conn, sale_id))


@pytest.mark.usefixtures("three")
def test_sale_is_found_by_its_id(read):
    """A receipt asked for again, or a return, needs the sale."""
    found = read(lambda conn: sales.completed(conn, "sale-b"))
    assert (found.sale_id, found.till) == ("sale-b", "till-1")
    assert read(lambda conn: sales.completed(conn, "sale-x")) is None


@pytest.mark.usefixtures("three")
def test_sale_is_found_by_its_receipt(read):
    """The customer brings the receipt: its number must lead to that sale and no other."""
    for sale_id in ("sale-a", "sale-b", "sale-c", "other"):
        sale = read(lambda conn, sale_id=sale_id: sales.completed(conn, sale_id))
        assert read(lambda conn, one=sale: sales.by_receipt(conn, one.receipt_no)) == sale


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    "text",
    [
        "{base}-4",
        "{base}-0",
        "{base}--1",
        "{base}-999999999999999999999999999999",
        "{base}-1\u00b2",
        "{base}-\u0661",
        "{base}-01",
        "{other}-1",
        "x{base}-1",
        "",
        "nothing",
    ],
)
def test_receipt_of_nobody_finds_nothing(read, text):
    """A number read wrongly from paper must not show another customer's sale."""
    receipt_no = read(lambda conn: sales.completed(conn, "sale-a")).receipt_no
    base = receipt_no.removesuffix("-1")
    wrong = text.format(base=base, other=base.replace("till-1", "till-2"))
    assert read(lambda conn: sales.by_receipt(conn, wrong)) is None


@pytest.mark.usefixtures("three")
def test_latest_sales_come_first(read):
    """The page's list of last receipts would show the wrong ones for a reprint."""
    found = read(lambda conn: sales.recent(conn, "till-1", 2))
    assert [sale.sale_id for sale in found] == ["sale-c", "sale-b"]
    assert read(lambda conn: sales.recent(conn, "till-9", 2)) == []


@pytest.mark.usefixtures("three")
def test_returns_add_up_across_sales_and_tills(write, read):
    """What was given back twice would be paid out twice."""
    lines = (give_back("sale-a", 1, 400), give_back("sale-a", 2, 1000))
    write(lambda conn: sell(conn, "back-1", lines=lines))
    write(lambda conn: sell(conn, "back-2", "till-2", (give_back("sale-a", 1, 350),)))
    assert read(lambda conn: sales.returned(conn, "sale-a")) == {1: 750, 2: 1000}
    assert read(lambda conn: sales.returned(conn, "sale-b")) == {}


def test_voided_return_gives_nothing_back(write, read):
    """A return line that was struck out would block the real return."""
    gone = give_back("sale-a", 1, 400)
    voided = line(9, -400, gone.returns, voided=True)
    write(lambda conn: sell(conn, "back-1", lines=(line(1), voided)))
    assert read(lambda conn: sales.returned(conn, "sale-a")) == {}


def test_refused_sale_gives_nothing_back(write, read):
    """A sale that was rolled back must leave no trace in what was returned."""

    def sell_and_fail(conn):
        sell(conn, "back-1", lines=(give_back("sale-a", 1, 400),))
        raise LookupError

    with pytest.raises(LookupError):
        write(sell_and_fail)
    assert read(lambda conn: sales.returned(conn, "sale-a")) == {}


def test_day_ends_with_its_closing(write, read):
    """A Z report that counts yesterday again, or forgets a sale, is a false one."""
    write(lambda conn: sell(conn, "sale-a"))
    write(lambda conn: sign_on(conn, "anna"))
    assert read(lambda conn: days.z_number(conn, "till-1")) == 1
    write(lambda conn: close_day(conn, 1))
    assert read(lambda conn: days.since_opened(conn, "till-1")) == []
    assert read(lambda conn: days.z_number(conn, "till-1")) == 2
    write(lambda conn: sell(conn, "sale-b"))
    write(lambda conn: sell(conn, "sale-c"))
    found = read(lambda conn: days.since_opened(conn, "till-1"))
    assert [type(body) for body in found] == [SaleCompleted, SaleCompleted]
    assert [body.sale_id for body in found] == ["sale-b", "sale-c"]
    assert read(lambda conn: days.z_number(conn, "till-2")) == 1


def test_day_of_an_unknown_till(read):
    """A report for a till that is not there must be empty, not an error."""
    assert read(lambda conn: days.since_opened(conn, "till-9")) == []
    assert read(lambda conn: days.z_number(conn, "till-9")) == 1


def test_closing_is_an_entry_like_any_other(write, read):
    """The Z report itself must reach HQ."""
    appended = write(lambda conn: close_day(conn, 1))
    body = read(lambda conn: chains.body_at(conn, appended.journal_id, appended.seq))
    assert isinstance(body, TillClosed)
