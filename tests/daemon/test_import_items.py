"""`till-agent import-items`: a shop without HQ sells what its file says."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.recognition.items import Item
from agent.daemon import catalogue_import
from agent.daemon.files import DIRECTORY, JOURNAL
from agent.directory import Directory
from agent.journal.lock import Lock

HEAD = "item_id,name,tax,price,gtin,reference,valid_from\n"
TEA = "i-1,Tea,reduced,2.49,4006381333931,,\n"


@pytest.fixture
def import_items(shop):
    """Import a text as a file."""

    def run(text, *options):
        file = shop.directory / "items.csv"
        file.write_text(text, encoding="utf-8")
        return shop.run("import-items", str(file), *options)

    return run


def held(shop, text="Tea"):
    directory = Directory.open(shop.state / DIRECTORY)
    try:
        return directory.items(text, 10)
    finally:
        directory.close()


def test_items_without_a_daemon(shop, import_items):
    """A new shop could not be prepared before its first day."""
    ran = import_items(HEAD + TEA + "i-1,Black tea,reduced,2.79,,,2027-01-01\n")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "items.csv: 1 of 1 items kept, 0 rows left out\n"
    [item] = held(shop)
    assert (item.name, [price.amount for price in item.prices]) == ("Black tea", [249, 279])
    assert item.gtins == ("04006381333931",)


def test_items_beside_a_running_daemon(shop, import_items, daemon, monkeypatch):
    """A price could only be changed with the till closed."""
    monkeypatch.setattr(catalogue_import, "CHUNK_ITEMS", 2)
    rows = [f"n-{n},Nut {n},reduced,1.00,,,\n" for n in range(5)]
    with daemon():
        ran = import_items(HEAD + TEA + "".join(rows), "--json")
        assert ran.code == 0
        assert (ran.json["items"], ran.json["kept"], ran.json["problems"]) == (6, 6, [])
    assert len(held(shop, "Nut")) == 5


BAD = {
    "i-2,Milk,dairy,1.19,,,\n": "no tax 'dairy'",
    "i-2,Milk,reduced,1.19,4006381333931,,\n": "already belongs to item 'i-1'",
    "i-2,Milk,reduced,1.19,4006381333932,,\n": "wrong check digit",
    "i-2,Milk,reduced,cheap,,,\n": "not an amount in EUR",
}


@pytest.mark.parametrize(("row", "reason"), BAD.items())
def test_a_bad_row_is_named_and_blocks_no_other(shop, import_items, row, reason):
    """One slip would keep the whole catalogue from the till, or be sold."""
    ran = import_items(HEAD + TEA + row + "i-3,Tea pot,standard,9.90,,,\n")
    assert ran.code == 1
    assert "line 3: left out" in ran.err
    assert reason in ran.err
    assert "→" in ran.err
    assert {item.item_id for item in held(shop)} == {"i-1", "i-3"}


def test_an_item_named_twice_keeps_its_code(shop, import_items):
    """Two rows of one item would be taken for two items with one code."""
    ran = import_items(HEAD + TEA + TEA)
    assert ran.code == 0
    assert len(held(shop)) == 1


def test_a_currency_the_shop_does_not_sell_in(import_items):
    """Pounds would be charged as euros."""
    ran = import_items("item_id,name,tax,price,currency\ni,Tea,reduced,1,GBP\n", "--json")
    assert ran.code == 1
    assert "in GBP" in ran.json["problems"][0]["reason"]


def test_an_agent_with_an_hq_refuses(shop, import_items):
    """The till would sell at other prices than the chain."""
    shop.write(hq="https://hq.example")
    ran = import_items(HEAD + TEA)
    assert (ran.code, ran.out) == (1, "")
    assert "has-hq" in ran.err
    assert "till-central import-items" in ran.err


def test_a_file_that_cannot_be_read(shop, import_items):
    """A mistyped path would end in a stack trace."""
    ran = shop.run("import-items", str(shop.directory / "none.csv"))
    assert ran.code == 1
    assert "No such file" in ran.err
    assert "columns-missing" in import_items("a,b\n1,2\n").err


def test_a_daemon_that_does_not_answer_is_not_passed_by(shop, import_items):
    """Two programs would write the directory at once."""
    lock = Lock.take(shop.state / JOURNAL)
    try:
        ran = import_items(HEAD + TEA)
    finally:
        lock.release()
    assert ran.code == 1
    assert "journal-locked" in ran.err


def test_chunks_fit_into_a_request(monkeypatch):
    """A large catalogue would be refused as a whole."""
    items = [Item(f"i-{n}", "x" * 100, ("r",)) for n in range(10)]
    size = len(msgspec.json.encode(items[0]))
    monkeypatch.setattr(catalogue_import, "CHUNK_BYTES", 3 * size + 5)
    chunks = list(catalogue_import._chunks(items))
    assert [len(chunk) for chunk in chunks] == [3, 3, 3, 1]
    assert [] == list(catalogue_import._chunks([]))
