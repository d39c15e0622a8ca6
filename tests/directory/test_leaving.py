"""A region that is this till's no more: its customers go, everybody else stays."""

from __future__ import annotations

from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Found, Identifier, IdentifierType, Unknown
from tests.sealed import keyring

OTHER = Identifier(IdentifierType.PHONE, "+49307654321")
WEAK = Identifier(IdentifierType.LOYALTY_CARD, "12345678")
HERE = Identifier(IdentifierType.PHONE, "+49305555555")
REGION = "store:x"
"""Any scope there are keys of; its name is nothing to the directory."""


def test_only_people_of_the_scope_go(directory, feed, phone, path):
    """A till would show cards of a region it left, or lose those of its own."""
    directory.apply(REGION, feed.page(feed.party("ada", phone, WEAK, scope=REGION)))
    sealed = directory._conn.execute("SELECT name, rest FROM people").fetchone()
    directory.apply("global", feed.page(feed.party("eve", OTHER)))
    directory.put_local(Card(PartyId("bob"), "Bob"), [HERE])
    assert directory.leave(REGION, 1)
    assert not directory.leave(REGION, 1)
    assert isinstance(directory.party(phone), Unknown)
    assert isinstance(directory.party(OTHER), Found)
    assert isinstance(directory.party(HERE), Found)
    assert ["global"] == directory.scopes()
    everything = b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*"))
    assert all(sealed)
    assert not any(each in everything for each in sealed)


def test_who_comes_back_meanwhile_is_told_all_again(directory, feed, phone):
    """People who were let go of already would be missing, and nobody would tell of them."""
    directory.apply(
        REGION,
        feed.page(feed.party("ada", phone, scope=REGION), feed.party("eve", OTHER, scope=REGION)),
    )
    assert directory.leave(REGION, 1)
    assert "" == directory.cursor(REGION)
    directory.apply(
        REGION,
        feed.page(feed.party("ada", phone, scope=REGION), feed.party("eve", OTHER, scope=REGION)),
    )
    assert isinstance(directory.party(phone), Found)
    assert isinstance(directory.party(OTHER), Found)


def test_no_key_is_missed_of_a_scope_that_was_left(path, feed, phone):
    """The agent would ask HQ for a key it cannot have, with every change."""
    from agent.directory import Directory

    directory = Directory.open(path, keyring())
    directory.apply("region:gone", feed.page(feed.party("ada", phone, scope="region:gone")))
    assert directory.lacks_keys()
    directory.leave("region:gone", 10)
    assert not directory.lacks_keys()
    directory.close()
