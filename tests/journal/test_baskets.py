"""Open and parked sales."""

from __future__ import annotations

import pytest

from agent.journal import baskets, chains
from tests.journal.shop import basket, erase, sell


def test_basket_comes_back_as_it_was_saved(write, read):
    """A basket that changes on the way to disk would be a wrong sale after a restart."""
    sale = basket("sale-b")
    write(lambda conn: baskets.save(conn, sale))
    assert read(lambda conn: baskets.get(conn, "sale-b")) == sale
    assert read(lambda conn: baskets.get(conn, "sale-x")) is None


def test_saving_again_replaces(write, read):
    """Two rows of one basket would bring an old state back."""
    write(lambda conn: baskets.save(conn, basket("sale-b")))
    write(lambda conn: baskets.save(conn, basket("sale-b", state="parked")))
    assert [sale.state for sale in read(lambda conn: baskets.all_of(conn, "till-1"))] == ["parked"]


def test_baskets_of_a_till_oldest_first(write, read):
    """A till must find its own baskets, and no other till's."""
    for sale_id, till in (("s-3", "till-1"), ("s-1", "till-1"), ("s-2", "till-2")):
        sale = basket(sale_id, till)
        write(lambda conn, sale=sale: baskets.save(conn, sale))
    found = read(lambda conn: baskets.all_of(conn, "till-1"))
    assert [sale.sale_id for sale in found] == ["s-1", "s-3"]


def test_sold_basket_is_gone(write, read):
    """A completed sale's basket would be sold again after a restart."""
    for sale_id in ("sale-a", "sale-b"):
        write(lambda conn, sale_id=sale_id: baskets.save(conn, basket(sale_id)))
    write(lambda conn: sell(conn, "sale-a"))
    assert [basket("sale-b")] == read(lambda conn: baskets.all_of(conn, "till-1"))
    assert read(lambda conn: baskets.get(conn, "sale-a")) is None
    assert basket("sale-b") == read(lambda conn: baskets.get(conn, "sale-b"))


@pytest.mark.parametrize(
    "later",
    [
        lambda conn: baskets.save(conn, basket("sale-c")),
        lambda conn: erase(conn, chains.heads(conn)[0].journal_id, 1),
    ],
    ids=["the next basket", "an erase order"],
)
def test_row_of_a_sold_basket_does_not_stay(write, read, later):
    """Who bought would stay readable in the file when their entries are long erased (P9)."""
    for sale_id in ("sale-a", "sale-b"):
        write(lambda conn, sale_id=sale_id: baskets.save(conn, basket(sale_id)))
    write(lambda conn: sell(conn, "sale-a"))
    write(later)
    rows = read(lambda conn: conn.execute("SELECT sale_id FROM basket").fetchall())
    assert ("sale-a",) not in rows
    assert ("sale-b",) in rows


def test_dropped_basket_is_gone(write, read):
    """A basket that was given up would be sold after a restart."""
    write(lambda conn: baskets.save(conn, basket("sale-b")))
    write(lambda conn: baskets.delete(conn, "sale-b"))
    write(lambda conn: baskets.delete(conn, "sale-b"))
    assert read(lambda conn: baskets.all_of(conn, "till-1")) == []


def test_baskets_outlive_a_restart(open_journal):
    """A power cut in the middle of a sale must not cost the customer the queue."""
    first = open_journal()
    first.write_blocking(lambda conn: baskets.save(conn, basket("sale-b")))
    first.close()
    found = open_journal().read_blocking(lambda conn: baskets.all_of(conn, "till-1"))
    assert found == [basket("sale-b")]
