"""Whoever is known to the chain and not here is enrolled all the same, and the cashier is told."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.wire import FeedItem, FeedPage, FilterPiece
from agent.core.privacy import filter_element, keys_of
from agent.core.privacy.bloom import build
from agent.core.recognition import Identifier, IdentifierType
from agent.till import commands
from agent.till.requests import EnrolRequest, IdentifyRequest
from tests.sealed import MASTER, keyring, stretched

PHONE = "+491701234567"


@pytest.fixture
def known(shop):
    """Give the till a filter that somebody with this phone is in."""
    shop.directory.keyring = keyring()
    element = filter_element(
        keys_of(MASTER.key("global", 1)), stretched(Identifier(IdentifierType.PHONE, PHONE))
    )
    piece = FilterPiece(1, bytes(build([element], 1)[0]))
    item = FeedItem(1, "filter:1-0", 1, "put", msgspec.Raw(msgspec.json.encode(piece)))
    shop.directory.apply("global", FeedPage((item,), "e.1.0"))
    return shop


@pytest.mark.asyncio
async def test_who_is_known_elsewhere_is_enrolled_and_the_cashier_is_told(known):
    """A customer would be sent away, or be two people without anybody noticing."""
    async with known.running() as loop:
        asked = await loop.ask(commands.Identify(IdentifyRequest(value=PHONE)))
        assert ("known_elsewhere", None) == (asked.answer, asked.party_id)
        made = await loop.ask(commands.Enrol(EnrolRequest(name="Ada", phone=PHONE)))
        assert ("phone",) == made.known_elsewhere
        again = await loop.ask(commands.Identify(IdentifyRequest(value=PHONE)))
        assert ("found", made.party_id) == (again.answer, again.party_id)


@pytest.mark.asyncio
async def test_a_number_that_was_drawn_here_is_nobody_s(known):
    """Every hundredth new customer would be told that somebody has their card already."""
    full = FilterPiece(1, b"\xff" * 4000)
    item = FeedItem(2, "filter:1-0", 2, "put", msgspec.Raw(msgspec.json.encode(full)))
    known.directory.apply("global", FeedPage((item,), "e.2.0"))
    async with known.running() as loop:
        made = await loop.ask(commands.Enrol(EnrolRequest(name="Ada", wallet=True)))
        assert () == made.known_elsewhere
        given = EnrolRequest(name="Eve", card="LC0077")
        assert ("loyalty_card",) == (await loop.ask(commands.Enrol(given))).known_elsewhere
