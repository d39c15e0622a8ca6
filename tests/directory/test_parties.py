"""Parties: who is found by which identifier, from HQ or enrolled here."""

from __future__ import annotations

from agent.core.history.model import Card, Order
from agent.core.identifiers import PartyId
from agent.core.quantities import Minor
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    KnownElsewhere,
    Strength,
    Unknown,
)
from tests.sealed import row_of

CARD = Identifier(IdentifierType.LOYALTY_CARD, "LC1PB1X9SFPE")
WEAK = Identifier(IdentifierType.LOYALTY_CARD, "12345678")


def test_a_party_of_hq_is_found_by_each_token(directory, feed, phone):
    """A customer would be known by the card but not by the phone."""
    directory.apply("global", feed.page(feed.party("ada", CARD, phone, tier="gold")))
    for identifier in (CARD, phone):
        answer = directory.party(identifier)
        assert isinstance(answer, Found)
        assert (answer.party_id, answer.means) == ("ada", identifier)
        assert identifier.value not in " ".join(answer.why)
    card = directory.card(PartyId("ada"))
    assert card is not None
    assert (card.name, card.tier) == ("ada B.", "gold")


def test_nobody_is_unknown(directory, phone):
    """An empty directory would fail instead of answering."""
    assert isinstance(directory.party(phone), Unknown)
    assert directory.card(PartyId("ada")) is None
    assert directory.orders_for(PartyId("ada")) == []


def test_enrolled_here_is_found_at_once(directory, phone):
    """A customer enrolled offline would have to be enrolled again at the next visit."""
    directory.put_local(Card(PartyId("bob"), "Bob"), [phone])
    answer = directory.party(phone)
    assert isinstance(answer, Found)
    assert answer.party_id == "bob"
    assert "not yet confirmed" in answer.why[1]
    assert directory.counts()["local"] == 1


def test_the_feed_replaces_what_was_enrolled_here(directory, feed, phone):
    """The card would stay as it was typed, whatever HQ knows."""
    directory.put_local(Card(PartyId("bob"), "Bob"), [phone])
    directory.apply("global", feed.page(feed.party("bob", CARD, ver=7)))
    assert isinstance(directory.party(CARD), Found)
    card = directory.card(PartyId("bob"))
    assert card is not None
    assert (card.name, card.ver) == ("bob B.", 7)
    assert isinstance(directory.party(phone), Unknown)
    assert directory.counts()["local"] == 0


def test_a_local_card_never_replaces_hqs(directory, feed, phone):
    """What HQ knows of a customer would be lost to a second enrolment."""
    directory.apply("global", feed.page(feed.party("bob", CARD, tier="gold")))
    directory.put_local(Card(PartyId("bob"), "Bobby"), [phone])
    assert isinstance(directory.party(CARD), Found)
    card = directory.card(PartyId("bob"))
    assert card is not None
    assert card.tier == "gold"
    assert isinstance(directory.party(phone), Found)


def test_a_local_card_is_replaced_by_a_later_one(directory, phone):
    """A corrected name would not be shown."""
    directory.put_local(Card(PartyId("bob"), "Bbo"), [phone])
    directory.put_local(Card(PartyId("bob"), "Bob"), [CARD])
    card = directory.card(PartyId("bob"))
    assert card is not None
    assert card.name == "Bob"
    assert isinstance(directory.party(phone), Found)
    assert isinstance(directory.party(CARD), Found)


def test_hqs_party_goes_before_one_enrolled_here(directory, feed, phone):
    """Somebody who enrolled on the web meanwhile would be two people at the till."""
    directory.put_local(Card(PartyId("local"), "L"), [phone])
    directory.apply("global", feed.page(feed.party("web", phone)))
    answer = directory.party(phone)
    assert isinstance(answer, Found)
    assert answer.party_id == "web"


def test_a_shared_phone_opens_nobody(directory, feed, phone):
    """A household's phone would open a relative's card."""
    directory.apply("global", feed.page(feed.party("ada", phone), feed.party("eve", phone)))
    answer = directory.party(phone)
    assert isinstance(answer, KnownElsewhere)
    assert "2 customers share" in answer.why[0]


def test_a_shared_payment_account_names_nobody(directory, feed):
    """A couple with one account would be greeted by each other's name."""
    account = Identifier(IdentifierType.PAR, "5001ABCDEFGHIJKLMNOPQRSTUVWXY")
    directory.apply("global", feed.page(feed.party("ada", account)))
    alone = directory.party(account)
    assert ("ada", Strength.WEAK) == (alone.party_id, alone.strength)
    directory.apply("global", feed.page(feed.party("eve", account)))
    answer = directory.party(account)
    assert isinstance(answer, KnownElsewhere)
    assert "2 customers share this payment account" in answer.why[0]


def test_a_withdrawn_party_is_known_elsewhere(directory, feed, phone):
    """A customer who moved to another region would be enrolled a second time."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    directory.apply("global", feed.page(feed.change("party:ada", op="del")))
    assert isinstance(directory.party(phone), KnownElsewhere)
    assert directory.card(PartyId("ada")) is None


def test_who_is_merged_while_here_is_shown_as_the_one_they_are_now(directory, feed, phone):
    """A customer at the till would vanish until they present themselves once more."""
    other = Identifier(IdentifierType.LOYALTY_CARD, "LC1PB1X9SFPE")
    ada, eve = PartyId("ada"), PartyId("eve")
    directory.apply("global", feed.page(feed.party("ada", phone), feed.party("eve", other)))
    assert ada == directory.party(phone).party_id
    joined = feed.party("eve", phone, other, members=(ada,))
    directory.apply("global", feed.page(feed.change("party:ada", op="del"), joined))
    assert (eve, (ada,)) == (directory.card(ada).party_id, directory.card(ada).members)
    apart = feed.page(feed.party("ada", phone), feed.party("eve", other))
    directory.apply("global", apart)
    assert ada == directory.card(ada).party_id


def test_who_moved_away_is_not_shown_as_another_with_their_phone(directory, feed, phone):
    """A household's phone would show one of them the card of the other."""
    directory.apply("global", feed.page(feed.party("ada", phone)))
    directory.party(phone)
    gone = feed.change("party:ada", op="del")
    directory.apply("global", feed.page(gone, feed.party("eve", phone)))
    assert directory.card(PartyId("ada")) is None


def test_an_erased_party_leaves_nothing_in_the_file(directory, feed, path, phone):
    """An erased customer could be read from the till's disk."""
    name = "Adalbertine-Wilhelmina"
    directory.apply(
        "global",
        feed.page(
            feed.change("party:ada", row_of(Card(PartyId("ada"), name), phone, WEAK, ver=1)),
            feed.change("order:WEB-1", _order("WEB-1", "ada")),
        ),
    )
    # Sealed, nothing can be read before: what is looked for is the sealed row itself.
    sealed = directory._conn.execute("SELECT name, rest FROM people").fetchone()
    assert all(each and each in _everything(path) for each in sealed)
    changed = directory.apply("global", feed.page(feed.change("party:ada", op="erase")))
    assert changed == ["party:ada"]
    assert isinstance(directory.party(phone), Unknown)
    assert directory.order("WEB-1") is None
    assert not any(each in _everything(path) for each in sealed)
    assert name.encode() not in _everything(path)


def test_orders_are_found_by_number_and_party(directory, feed):
    """An order waiting to be collected would not be shown."""
    early = _order("WEB-1", "ada", "2026-01-01T00:00:00Z")
    late = _order("WEB-2", "ada", "2026-02-01T00:00:00Z")
    pages = feed.page(
        feed.change("order:WEB-1", early),
        feed.change("order:WEB-2", late),
        feed.change("order:WEB-3", _order("WEB-3", "bob")),
    )
    assert directory.apply("global", pages) == ["order:WEB-1", "order:WEB-2", "order:WEB-3"]
    assert directory.order("WEB-1") == early
    assert directory.orders_for(PartyId("ada")) == [late, early]
    directory.apply("global", feed.page(feed.change("order:WEB-1", op="del")))
    assert directory.order("WEB-1") is None


def _order(number: str, party: str, placed_at: str = "2026-01-01T00:00:00Z") -> Order:
    return Order(number, "web", "ready", placed_at, Minor(1000), "EUR", party_id=PartyId(party))


def _everything(path) -> bytes:
    files = sorted(path.parent.iterdir())
    return b"".join(file.read_bytes() for file in files)
