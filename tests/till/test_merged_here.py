"""A customer HQ merges with another of their ids while they stand at the till."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import NotFoundFault
from agent.core.history import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Identifier, IdentifierType
from agent.till import commands
from tests.sealed import MASTER, row_of

BOB = PartyId("019a0000-0000-7000-8000-0000000000b1")
EVE = PartyId("019a0000-0000-7000-8000-0000000000e1")
PHONE = "+491701234567"
OLD_NUMBER = "LC004123"
OLD_CARD = Identifier(IdentifierType.LOYALTY_CARD, OLD_NUMBER)
"""Of an older programme: a neighbour could count on from it."""
OF_BOB = Identifier(IdentifierType.PHONE, PHONE)
OF_EVE = Identifier(IdentifierType.WEB_ACCOUNT, "web-7")


def put(fseq, party, *identifiers, **fields):
    row = row_of(Card(party, "Bob Builder", **fields), *identifiers, ver=fseq)
    body = msgspec.Raw(msgspec.json.encode(row))
    return FeedItem(fseq, f"party:{party}", fseq, "put", body)


def tell(shop, fseq, *items):
    """Apply a page of HQ's feed; gives what the till is told of it."""
    page = FeedPage(items, f"1-ab.{fseq}.0123456789abcdef")
    return commands.DirectoryChanged("global", tuple(shop.directory.apply("global", page)))


@pytest.mark.asyncio
async def test_the_card_of_who_is_merged_stays_open_and_the_page_hears_of_it(shop):
    """The cashier would lose the customer in front of them, until they show their card again."""
    shop.directory.take_keys([MASTER.key("global", 1)], b"e" * 32)
    async with shop.running() as loop:
        await loop.ask(tell(shop, 2, put(1, BOB, OF_BOB, points=10), put(2, EVE, OF_EVE)))
        found = await loop.ask(commands.TypedScan(PHONE))
        assert BOB == found.party_id
        before = len(await shop.told())
        gone = FeedItem(3, f"party:{BOB}", 3, "del", msgspec.Raw(b"null"))
        # HQ's pages end where they are full: the withdrawal may come without the new card.
        await loop.ask(tell(shop, 3, gone))
        joined = put(4, EVE, OF_BOB, OF_EVE, points=25, members=(BOB,))
        await loop.ask(tell(shop, 4, joined))
        news = [each.data["party_id"] for each in (await shop.told())[before:] if is_news(each)]
        assert [BOB, BOB] == news
        shown = await loop.party(BOB)
        assert (BOB, EVE, 25) == (shown.party_id, shown.card.party_id, shown.card.points)


@pytest.mark.asyncio
async def test_who_showed_a_weak_number_is_shown_again_once_merged(shop):
    """The cashier would read nothing of who stands before them, until they scan the card again."""
    shop.directory.take_keys([MASTER.key("global", 1)], b"e" * 32)
    async with shop.running() as loop:
        await loop.ask(tell(shop, 2, put(1, BOB, OLD_CARD), put(2, EVE, OF_EVE)))
        assert BOB == (await loop.ask(commands.TypedScan(OLD_NUMBER))).party_id
        before = len(await shop.told())
        gone = FeedItem(3, f"party:{BOB}", 3, "del", msgspec.Raw(b"null"))
        await loop.ask(tell(shop, 3, gone))
        with pytest.raises(NotFoundFault):
            await loop.party(BOB)
        joined = put(4, EVE, OLD_CARD, OF_EVE, points=25, members=(BOB,))
        await loop.ask(tell(shop, 4, joined))
        news = [each.data["party_id"] for each in (await shop.told())[before:] if is_news(each)]
        shown = await loop.party(BOB)
        assert ([BOB, BOB], EVE, 0) == (news, shown.card.party_id, shown.card.points)
        other = PartyId(BOB[:-1] + "2")
        await loop.ask(tell(shop, 5, put(5, other, OLD_CARD)))
        with pytest.raises(NotFoundFault):  # Whose the number is nobody can say any more.
            await loop.party(BOB)


def is_news(event):
    return event.type == "customer" and event.data["why"] == ["news from HQ"]
