"""A snapshot becomes the directory: the same as pages would have made, and nothing half."""

from __future__ import annotations

import stat

import pytest
from pysqlite3 import dbapi2

from agent.core.exchange.snapshots import SnapshotUnusable
from agent.core.history.model import Card, Order
from agent.core.identifiers import ItemId, PartyId
from agent.core.quantities import Minor
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    Item,
    ItemKey,
    KnownElsewhere,
    Unknown,
)
from agent.directory import Directory, DirectoryFault
from tests.sealed import keyring

MAIL = Identifier(IdentifierType.EMAIL, "ada@example.com")
_DUMPS = {
    "versions": "SELECT key, scope, ver, op FROM versions ORDER BY key",
    "items": "SELECT item_id, ver, name, body FROM items ORDER BY item_id",
    "keys": "SELECT kind, key, item_id FROM item_keys JOIN items USING (id) ORDER BY 1, 2, 3",
    "words": "SELECT words.name, department, item_id FROM item_words AS words "
    "JOIN items ON items.id = words.rowid ORDER BY item_id",
    "gone": "SELECT party, scope, ver, op FROM gone ORDER BY party",
    "people": "SELECT party, local, scope, generation, ver, told, slots, name, rest "
    "FROM people LEFT JOIN generations ON generations.id = seal ORDER BY party",
    "tokens": "SELECT token, party FROM found_by JOIN people ON people.id = person ORDER BY 1, 2",
    "orders": "SELECT order_no, party_id, placed_at, body FROM orders ORDER BY order_no",
    "scopes": "SELECT scope, cursor, rereading, seen FROM scopes ORDER BY scope",
    "refused": "SELECT key, scope, ver FROM refused ORDER BY key",
}


def dump(directory):
    return {name: directory._conn.execute(query).fetchall() for name, query in _DUMPS.items()}


def an_item(feed, name, title="T", **fields):
    return feed.change(f"item:{name}", Item(ItemId(name), title, (), (f"{name:0>14}",)), **fields)


def an_order(feed, number, party="ada", **fields):
    order = Order(
        number, "web", "ready", "2026-01-01T00:00:00Z", Minor(1), "EUR", party_id=PartyId(party)
    )
    return feed.change(f"order:{number}", order, **fields)


def test_it_is_what_pages_would_have_made(directory, feed, snapshot, phone, tmp_path):
    """A till that took a snapshot would know other people than its neighbour."""
    changes = [
        feed.party("ada", phone, MAIL),
        an_item(feed, "1"),
        an_order(feed, "W-1"),
        feed.party("bob", phone),
        feed.change("item:2", op="del"),
        feed.change("item:3", []),
        feed.party("eve", MAIL),
        feed.change("party:eve", op="erase"),
        feed.change("party:gone", op="del"),
        an_item(feed, "1", "newer"),
    ]
    directory.apply("global", feed.page(*changes))
    other = Directory.open(tmp_path / "other.db", keyring())
    changed = snapshot(changes).install(other)
    # Where nothing was, all that is there now has changed.
    assert {change.key for change in changes} - {"item:3"} == set(changed)
    assert dump(directory) == dump(other)
    assert isinstance(other.party(MAIL), Found)
    assert "newer" == other.items("newe", 9)[0].name
    later = feed.page(feed.change("party:ada", op="erase"), an_item(feed, "7"))
    assert directory.apply("global", later) == other.apply("global", later)
    assert dump(directory) == dump(other)
    other.close()
    again = Directory.open(tmp_path / "other.db")
    assert again.damage is None
    assert dump(directory) == dump(again)
    again.close()


def test_what_only_this_till_has_survives(directory, feed, new_feed, snapshot, phone):
    """A customer enrolled offline, an imported item or another scope would be lost at the swap."""
    store = new_feed("1-ab")
    directory.apply("store:s", store.page(an_order(store, "S-1"), an_item(store, "55", "Own")))
    directory.apply("global", feed.page(feed.party("ada", phone), feed.party("old")))
    directory.put_local(Card(PartyId("lea"), "Lea"), [MAIL])
    card = Identifier(IdentifierType.LOYALTY_CARD, "LC004106105R")
    directory.put_local(Card(PartyId("ada"), "Ada"), [card])
    directory.import_items([Item(ItemId("imp"), "Imported", (), ("00000000000123",))])
    new = [feed.party("ada", phone, tier="gold"), an_item(feed, "1", "Milk")]
    snapshot(new).install(directory)
    assert isinstance(directory.party(MAIL), Found)
    assert "ada" == directory.party(card).party_id
    assert isinstance(directory.party(phone), Found)
    assert "gold" == directory.card(PartyId("ada")).tier
    assert directory.card(PartyId("old")) is None
    assert "S-1" == directory.order("S-1").order_no
    for gtin, name in (("123", "Imported"), ("55", "Own"), ("1", "Milk")):
        assert name == directory.item(ItemKey(gtin=gtin)).name
        assert [name] == [item.name for item in directory.items(name[:3], 5)]
    assert store.page().cursor == directory.cursor("store:s")
    assert 1 == directory.counts()["local"]


def test_the_erased_do_not_come_back(directory, feed, new_feed, snapshot, phone, path):
    """A stale till would keep or bring back somebody HQ has erased."""
    directory.put_local(Card(PartyId("lea"), "Lea-Wilhelmina"), [MAIL])
    directory.apply("global", feed.page(feed.party("ada", phone)))
    store = new_feed("1-ab")
    directory.apply("store:s", store.page(an_order(store, "S-1"), an_order(store, "S-2", "bob")))
    erased = [feed.change("party:lea", op="erase"), feed.change("party:ada", op="erase")]
    snapshot(erased).install(directory)
    assert isinstance(directory.party(MAIL), Unknown)
    assert isinstance(directory.party(phone), Unknown)
    assert (None, "S-2") == (directory.order("S-1"), directory.order("S-2").order_no)
    late = new_feed("1-ab")
    assert [] == directory.apply("store:x", late.page(late.party("ada", phone, scope="store:x")))
    files = [file for file in path.parent.iterdir() if file.is_file()]
    assert not any(b"Wilhelmina" in file.read_bytes() for file in files)


def test_a_withdrawn_customer_stays_known(directory, feed, snapshot, phone):
    """A customer who moved to another region would be enrolled a second time."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    snapshot([feed.change("party:ada", op="del")]).install(directory)
    assert isinstance(directory.party(phone), KnownElsewhere)
    assert directory.card(PartyId("ada")) is None


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        # Its put in the first scope is older than its move, and the deletion is to come.
        ("before", ("store:s", "moved")),
        # It came back: the deletion in the other scope is to come.
        ("back", ("global", "back")),
        ("deleted", ("store:s", "moved")),
    ],
)
def test_a_key_may_have_moved(directory, feed, new_feed, snapshot, came, expected):
    """An order that is collected elsewhere would vanish with the deletion in its old scope."""
    store, put = new_feed("1-ab"), an_order(feed, "W-1")
    directory.apply("global", feed.page(put))
    directory.apply("store:s", store.page(an_order(store, "W-1", "moved")))
    change = {
        "before": lambda: put,
        "back": lambda: an_order(feed, "W-1", "back"),
        "deleted": lambda: feed.change("order:W-1", op="del"),
    }[came]()
    snapshot([change]).install(directory)
    held = directory._conn.execute("SELECT scope FROM versions WHERE key = 'order:W-1'").fetchone()
    assert expected == (held[0], directory.order("W-1").party_id)


def test_what_changes_meanwhile_is_there_after_the_swap(directory, feed, new_feed, snapshot, phone):
    """A customer enrolled in the very second of the swap would be forgotten."""
    store = new_feed("1-ab")
    directory.apply("store:s", store.page(an_item(store, "1", "old")))

    def meanwhile():
        directory.put_local(Card(PartyId("bob"), "Bob"), [phone])
        directory.apply("store:s", store.page(an_item(store, "1", "new")))
        directory.apply("store:s", store.page(an_item(store, "2")))

    snapshot([an_item(feed, "3")]).install(directory, meanwhile)
    assert "bob" == directory.party(phone).party_id
    assert "new" == directory.item(ItemKey(gtin="1")).name
    assert {"items": 3, "local": 1} == {k: directory.counts()[k] for k in ("items", "local")}
    directory.put_local(Card(PartyId("eve"), "Eve"), [MAIL])
    assert "eve" == directory.party(MAIL).party_id


def test_hqs_orders_come_out_and_unknown_changes_are_named(directory, feed, snapshot):
    """An order to erase would be skipped with the changes the snapshot stands for."""
    order = feed.change("signed-order:1", {"order": "x", "signature": "y"})
    made = snapshot([order, feed.change("coupon:1", {}), feed.change("item:1", [])])
    made.install(directory)
    assert [order] == made.orders
    assert ["coupon:1", "item:1"] == list(directory.refused())
    assert directory.cursor("global") == made.manifest.cursor


def test_other_shapes_are_read_row_by_row(directory, feed, snapshot, phone):
    """A card of a newer HQ would cost the till its whole directory at the next look-up."""
    made = snapshot(
        [
            feed.party("ada", phone),
            feed.party("bob", MAIL),
            an_item(feed, "1"),
            an_item(feed, "2"),
            an_order(feed, "W-1"),
            an_order(feed, "W-2"),
        ],
        shapes="other",
    )
    conn = dbapi2.connect(str(made.path))
    conn.execute("UPDATE items SET body = '{}' WHERE item_id = '1'")
    conn.execute("UPDATE orders SET body = x'ff' WHERE order_no = 'W-1'")
    conn.commit()
    conn.close()
    made.install(directory)
    assert ["item:1", "order:W-1"] == list(directory.refused())
    assert isinstance(directory.party(phone), Found)
    assert isinstance(directory.party(MAIL), Found)
    assert (None, "T") == (
        directory.item(ItemKey(gtin="1")),
        directory.item(ItemKey(gtin="2")).name,
    )
    assert (None, "W-2") == (directory.order("W-1"), directory.order("W-2").order_no)
    assert directory.damage is None


def _spoil(statement):
    def spoil(path):
        conn = dbapi2.connect(str(path))
        conn.execute(statement)
        conn.commit()
        conn.close()

    return spoil


def _overwrite(path):
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\x55" * 16_384)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"no database" * 900), "damaged"),
        (_overwrite, "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:20_000]), "damaged"),
        (_spoil("PRAGMA user_version = 99"), "another kind"),
        (_spoil("PRAGMA application_id = 99"), "another kind"),
        (_spoil("DROP TABLE orders"), "lacks orders"),
        (_spoil("UPDATE scopes SET cursor = '1-ab.9.0123456789abcdef'"), "position"),
    ],
    ids=["foreign", "overwritten", "short", "layout", "kind", "table", "cursor"],
)
def test_a_wrong_file_is_not_installed(directory, feed, snapshot, phone, spoil, said):
    """A till would replace its customers by rubbish."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    made = snapshot([feed.party("bob", phone)])
    spoil(made.path)
    with pytest.raises(SnapshotUnusable, match=said):
        made.install(directory)
    assert "ada" == directory.party(phone).party_id
    assert [] == list(made.path.parent.glob("directory.db.*"))


def test_only_who_has_changed_is_named(directory, feed, snapshot, phone):
    """Every card on every page would be asked for anew with each snapshot, or none at all."""
    ada, bob, eve = (feed.party(name, phone) for name in ("ada", "bob", "eve"))
    directory.apply("global", feed.page(ada, bob, eve))
    gone = feed.change("party:eve", op="del")
    newer = feed.party("bob", phone, tier="gold")
    assert {"party:bob", "party:eve"} == set(snapshot([ada, newer, gone]).install(directory))
    assert ["party:bob"] == snapshot([ada]).install(directory)


def test_of_another_feed_everything_that_differs_is_named(
    directory, feed, new_feed, snapshot, phone
):
    """After a restore of HQ a page would show a card that is another one by now."""
    directory.apply("global", feed.page(feed.change("item:x", op="del"), feed.party("ada", phone)))
    restored = new_feed("2-cd")
    ada = restored.party("ada", phone)
    made = snapshot([ada], cursor="2-cd.1.0123456789abcdef")
    assert ["party:ada"] == [key for key in made.install(directory) if key.startswith("party:")]


def test_people_of_another_scope_stay_as_they_are(directory, feed, new_feed, snapshot, phone):
    """A till would lose its region with its store's snapshot, or read its people wrongly after."""
    store = new_feed("1-ab")
    page = store.page(
        store.party("eve", MAIL, scope="store:s"), store.party("old", scope="store:s")
    )
    directory.apply("store:s", page)
    directory.apply("store:s", store.page(store.change("party:old", op="del")))
    snapshot([feed.party("ada", phone)]).install(directory)
    assert ("eve", "ada") == (directory.party(MAIL).party_id, directory.party(phone).party_id)
    assert "eve B." == directory.card(PartyId("eve")).name
    assert [] == directory.apply("store:s", store.page(*page.items))
    directory.reread("store:s")
    kept = store.party("kim", MAIL, scope="store:s")
    directory.apply("store:s", store.page(kept))
    assert "kim" == directory.party(MAIL).party_id
    assert {("ada",), ("kim",)} == set(directory._conn.execute("SELECT party FROM people"))


def test_nobody_else_may_read_it(directory, feed, snapshot, path):
    """Customers' cards would be open to every user of the machine."""
    made = snapshot([an_item(feed, "1")])
    made.path.chmod(0o644)
    made.install(directory)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_again_and_again_leaves_one_file(directory, feed, snapshot, path, phone):
    """The disk would fill with directories of the past."""
    for n in range(3):
        snapshot([an_item(feed, "1", f"V{n}"), feed.party("ada", phone)]).install(directory)
        assert f"V{n}" == directory.item(ItemKey(gtin="1")).name
    directory.close()
    names = {file.name for file in path.parent.iterdir() if not file.name.endswith(".new")}
    assert {"directory.db", "directory.db.3"} == names
    again = Directory.open(path)
    assert "V2" == again.item(ItemKey(gtin="1")).name
    again.close()


def test_damage_after_a_swap_is_set_aside(directory, feed, snapshot, path, phone):
    """A damaged snapshot would keep the till from starting, or come back as a directory."""
    snapshot([feed.party("ada", phone)]).install(directory)
    directory.close()
    path.resolve().write_bytes(b"rubbish" * 3000)
    again = Directory.open(path, keyring())
    assert "directory.db.damaged" in again.damage
    assert not path.is_symlink()
    assert b"rubbish" == path.with_name("directory.db.damaged").read_bytes()[:7]
    snapshot([feed.party("ada", phone)]).install(again)
    assert "ada" == again.party(phone).party_id
    again.close()


def test_a_swap_that_cannot_be_written_changes_nothing(directory, feed, snapshot, path, phone):
    """A full disk in the middle would leave the till without a directory."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    path.with_name("directory.db.link").mkdir()
    with pytest.raises(DirectoryFault):
        snapshot([feed.party("bob", phone)]).install(directory)
    assert "ada" == directory.party(phone).party_id
    directory.put_local(Card(PartyId("eve"), "Eve"), [MAIL])
    assert isinstance(directory.party(MAIL), Found)
    path.with_name("directory.db.link").rmdir()
