"""How much of a card opens, by what its customer presents (P9)."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import ConsentGiven, PartyIdentified
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import StateFault
from agent.core.history import Card
from agent.core.history.till_card import LineKind
from agent.core.identifiers import PartyId, TillId
from agent.core.recognition import Identifier, IdentifierType, Strength, name_postcode
from agent.journal import chains
from agent.till import commands
from agent.till.requests import IdentifyRequest
from tests.sealed import RULES

EVE = PartyId("019a0000-0000-7000-8000-00000000e4e0")
OLD_CARD = "LC004123"
PHONE = "+491701234567"
PAR = "5001ABCDEFGHIJKLMNOPQRSTUVWXY"
ORDER = (
    '{"order_no":"WEB-7","channel":"web","state":"ready","placed_at":"","total":100,'
    f'"currency":"EUR","party_id":"{EVE}","collect_at":"s1"}}'
)


@pytest.fixture
def eve(shop):
    """Hold somebody with an old card, a phone, a payment account, a postcode, and an order."""
    held = Card(
        party_id=EVE,
        name="Eve Example",
        tier="Silver",
        points=70,
        consents=(ConsentGiven("marketing", "email", True),),
    )
    named = [
        Identifier(IdentifierType.LOYALTY_CARD, OLD_CARD),
        Identifier(IdentifierType.PHONE, PHONE),
        Identifier(IdentifierType.PAR, PAR),
        name_postcode.key("Eve Example", "10115"),
    ]
    shop.directory.put_local(held, named, RULES)
    item = FeedItem(fseq=1, key="order:WEB-7", ver=1, op="put", body=ORDER.encode())
    shop.directory.apply("store:s1", FeedPage((item,), "e.1.0"))
    return shop


def by(value, type_=None):
    """Ask who presents this."""
    return commands.Identify(IdentifyRequest(value=value, type=type_))


def kinds(lines):
    """Name the lines that are shown."""
    return [line.kind.value for line in lines]


@pytest.mark.asyncio
async def test_a_phone_number_opens_the_whole_card(eve):
    """A customer who says their number would have to show a card all the same."""
    async with eve.running() as loop:
        found = await loop.ask(by("0170 1234567"))
    assert ("found", EVE, Strength.STRONG, None) == (
        found.answer,
        found.party_id,
        found.strength,
        found.ask,
    )
    assert (70, 1) == (found.card.points, len(found.card.consents))
    assert ["name", "tier", "orders", "consents"] == kinds(found.lines)
    assert "Silver, 70 points" == found.lines[1].text


@pytest.mark.asyncio
@pytest.mark.parametrize(("value", "type_"), [(OLD_CARD, None), (PAR, "par")])
async def test_what_a_neighbour_could_guess_opens_name_and_tier(eve, value, type_):
    """Who counts on from their own card number would read what others bought."""
    async with eve.running() as loop:
        found = await loop.ask(by(value, type_))
        assert Strength.WEAK == found.strength
        assert Card(party_id=EVE, name="Eve Example", tier="Silver") == found.card
        assert ["name", "tier", "hint"] == kinds(found.lines)
        assert found.ask == found.lines[-1].text
        assert found.card == (await loop.party(EVE)).card
        assert () == (await loop.timeline(EVE)).orders
        await loop.ask(by(PHONE))
        assert 70 == (await loop.party(EVE)).card.points
        await loop.ask(by(value, type_))
        assert 70 == (await loop.party(EVE)).card.points


@pytest.mark.asyncio
async def test_an_order_number_opens_the_order_and_no_card(eve):
    """Whoever holds a parcel slip would see the card of whoever ordered, or buy in their name."""
    async with eve.running() as loop:
        found = await loop.ask(by("WEB-7"))
        assert ("found", EVE, None, Strength.BEARER) == (
            found.answer,
            found.party_id,
            found.card,
            found.strength,
        )
        assert "WEB-7" == found.order.order_no
        assert [LineKind.HINT] == [line.kind for line in found.lines]
        scanned = await loop.ask(commands.TypedScan("WEB-7"))
        assert ("order", EVE) == (scanned.kind, scanned.party_id)
        assert None is (await loop.view()).party_id
        with pytest.raises(StateFault) as refused:
            await loop.party(EVE)
        assert "identify-first" == refused.value.name
        await loop.ask(by(PHONE))
        assert None is (await loop.ask(by("WEB-7"))).ask
        facts = await eve.journal.read(
            lambda conn: chains.entries(conn, TillId("till-1"), "side", 0)
        )
    met = [body for _, body in facts if isinstance(body, PartyIdentified)]
    assert [("phone", "strong")] == [(body.means, body.strength) for body in met]


@pytest.mark.asyncio
async def test_a_name_and_a_postcode_only_ask_for_more(eve):
    """A name shouted over the counter would open somebody's card."""
    async with eve.running() as loop:
        found = await loop.ask(by("Example, 10115"))
        assert ("known_elsewhere", None, None) == (found.answer, found.party_id, found.card)
        assert "card, phone number or e-mail" in found.ask
        assert [found.ask] == [line.text for line in found.lines]
        scanned = await loop.ask(commands.TypedScan("Nobody, 10115"))
    assert "Eve" not in repr(found)
    assert scanned.party_id is None


@pytest.mark.asyncio
async def test_who_is_put_on_a_sale_by_an_id_alone_is_not_opened(eve):
    """POS software could leaf through the customers by their ids."""
    sale_id = "019a2222-0000-7000-8000-000000000001"
    async with eve.running() as loop:
        eve.directory.party(Identifier(IdentifierType.PHONE, PHONE))
        await loop.ask(commands.OpenSale(sale_id))
        await loop.ask(commands.SetCustomer(sale_id, EVE))
        view = await loop.party(EVE)
    assert (Strength.WEAK, 0) == (view.strength, view.card.points)
    assert ["name", "tier", "hint"] == kinds(view.lines)


@pytest.mark.asyncio
async def test_what_was_presented_hours_ago_opens_no_more_than_an_id(eve):
    """Whoever brings a receipt of hers in the afternoon would be shown what her phone opened."""
    async with eve.running() as loop:
        await loop.ask(by(PHONE))
        eve.clock.seconds += 3600
        assert Strength.WEAK == loop.desk.meeting(EVE).strength  # As POS software's sale is made.
        sale_id = (await loop.ask(commands.OpenSale())).sale.sale_id
        await loop.ask(commands.SetCustomer(sale_id, EVE))
        assert (Strength.WEAK, 0) == ((view := await loop.party(EVE)).strength, view.card.points)
        await loop.ask(by(PHONE))
        eve.clock.seconds += 3600
        assert 70 == (await loop.party(EVE)).card.points  # Still at the till.


@pytest.mark.asyncio
async def test_who_waits_for_no_sale_is_let_go_and_told_of(eve):
    """Who buys an hour later would buy in the name, and before the card, of somebody long gone."""
    async with eve.running() as loop:
        await loop.ask(commands.TypedScan(PHONE))
        eve.clock.seconds += 14 * 60
        assert (
            EVE
            == (
                await loop.ask(commands.OpenSale("019a2222-0000-7000-8000-000000000001"))
            ).sale.party_id
        )
        await loop.ask(commands.CancelSale("019a2222-0000-7000-8000-000000000001", "changed mind"))
        await loop.ask(commands.TypedScan(PHONE))
        eve.clock.seconds += 16 * 60
        assert None is (await loop.ask(commands.OpenSale())).sale.party_id
    told = [event.data["answer"] for event in await eve.told() if event.type == "customer"]
    assert "none" == told[-1]
