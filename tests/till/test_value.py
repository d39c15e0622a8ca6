"""Points and gift cards at the till: earned with the sale, paid with under leases, given back."""

from __future__ import annotations

import threading

import msgspec
import pytest

from agent.core.entries.bodies import (
    LeaseClosed,
    ValueEarned,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
)
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import Fault
from agent.core.history import Card
from agent.core.identifiers import PartyId
from agent.core.loyalty import EarnRule, Lease, Programme, Worth, gift_owner
from agent.core.recognition import Identifier, IdentifierType
from agent.journal import chains, purses
from agent.till.cards import card_of
from agent.till.commands import (
    AddLine,
    AddTender,
    AskLacking,
    CancelSale,
    ChargeGift,
    CloseTill,
    CompleteSale,
    OpenSale,
    RemoveTender,
    SetCustomer,
    TypedScan,
)
from agent.till.requests import LineRequest, ReturnedLine, TenderRequest
from tests.sealed import RULES
from tests.till.conftest import ADA, ADA_CARD, Shop, till

pytestmark = pytest.mark.asyncio
PROGRAMME = Programme(
    1, (EarnRule("base", 1, points=1, per=100),), Worth(100, 100), gift_items=("socks",)
)
NUMBER = "1234-5678-9012"
LIKE_A_BANK_CARD = "6033123456789013"
"""In the range of a payment scheme and with its check digit, as a tenth of those from 60 to 69."""


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path, till())
    body = msgspec.Raw(msgspec.json.encode(PROGRAMME))
    items = (FeedItem(1, "rule:loyalty", 1, "put", body),)
    shop.directory.apply("global", FeedPage(items=items, cursor="1-a.1.x", more=False))
    yield shop
    shop.close()


async def given(shop, lease_id="lease-1", *, owner=ADA, unit="points", cap=300, sale_id=None):
    """Have HQ's lease at the till."""

    def receive(conn):
        journal = purses.side_journal(conn, "till-1")
        worth = Worth(100, 100) if unit == "points" else Worth(1, 1)
        where = ("s1", "till-1", journal, "2026-07-28", worth, 2, sale_id)
        purses.receive(conn, lease_id, Lease(owner, unit, cap, *where))

    await shop.journal.write(receive)


async def basket(loop, *, party=ADA, quantity=1000, **line):
    """Open a sale of coffee for somebody; gives its id."""
    view = await loop.ask(OpenSale())
    sale_id = view.sale.sale_id
    asked = LineRequest(**({"item_id": "coffee", "quantity": quantity} | line))
    await loop.ask(AddLine(sale_id, asked))
    if party == ADA:
        await loop.ask(TypedScan(ADA_CARD))
    elif party:
        await loop.ask(SetCustomer(sale_id, party))
    return sale_id


async def pay(loop, sale_id, kind="cash", amount=499, reference=None):
    return await loop.ask(
        AddTender(sale_id, TenderRequest(kind=kind, amount=amount, reference=reference))
    )


async def facts(shop, *kinds):
    found = await shop.journal.read(lambda conn: chains.entries(conn, "till-1", "side", 0))
    return [body for _, body in found if isinstance(body, kinds)]


async def left(shop):
    def read(conn):
        held = purses.purse(conn, purses.side_journal(conn, "till-1"))
        return {key: held.left(key) for key in held.leases}

    return await shop.journal.read(read)


async def test_a_sale_earns_in_its_own_transaction(shop):
    """Points would wait for the network, or be lost with a crash after the sale."""
    async with shop.running() as loop:
        sale_id = await basket(loop, quantity=3000)
        await pay(loop, sale_id, amount=1497)
        await loop.ask(CompleteSale(sale_id))
        [fact] = await facts(shop, ValueEarned)
        assert (sale_id, ADA, 14) == (fact.sale_id, fact.owner, fact.earnings[0].value)
        assert 14 == (await card_of(loop.desk, ADA)).points


async def test_the_directory_is_asked_by_the_loop_alone(shop, monkeypatch):
    """Two threads in one file's connection: a page of the feed would fail, or a paid sale."""
    asked = set()
    for name in ("card", "item", "rule"):
        real = getattr(shop.directory, name)
        noted = lambda key, real=real: (asked.add(threading.get_ident()), real(key))[1]  # noqa: E731
        monkeypatch.setattr(shop.directory, name, noted)
    async with shop.running() as loop:
        sale_id = await basket(loop)
        await pay(loop, sale_id)
        await loop.ask(CompleteSale(sale_id))
    assert {threading.get_ident()} == asked


async def test_nobody_and_nothing_earn_nothing(shop):
    """A sale without a customer would write points for nobody."""
    async with shop.running() as loop:
        sale_id = await basket(loop, party=None)
        await pay(loop, sale_id)
        await loop.ask(CompleteSale(sale_id))
        assert [] == await facts(shop, ValueEarned)


async def test_points_pay_within_their_lease_and_no_further(shop):
    """A till that is cut off would spend what another till spends as well."""
    await given(shop)
    async with shop.running() as loop:
        sale_id = await basket(loop)
        with pytest.raises(Fault) as caught:
            await pay(loop, sale_id, "points", 301)
        assert ("more-than-leased", True) == (caught.value.name, "3.00" in caught.value.remedy)
        await pay(loop, sale_id, "points", 200)
        with pytest.raises(Fault):
            await pay(loop, sale_id, "points", 200)
        await pay(loop, sale_id, amount=299)
        await loop.ask(CompleteSale(sale_id))
        [fact] = await facts(shop, ValueSpent)
        assert (ADA, "points", 200, 200) == (
            fact.owner,
            fact.unit,
            fact.amount,
            sum(draw.value for draw in fact.draws),
        )
        assert {"lease-1": 100} == await left(shop)
        # What was paid with points earns none: 2.99 of 4.99.
        [earned] = await facts(shop, ValueEarned)
        assert 2 == earned.earnings[0].value
        assert 2 - 200 == (await card_of(loop.desk, ADA)).points


async def test_what_a_basket_is_paid_with_survives_a_restart_and_comes_back(shop):
    """A crash would pay twice out of one lease, or lock it up for ever."""
    await given(shop)
    async with shop.running() as loop:
        sale_id = await basket(loop)
        await pay(loop, sale_id, "points", 200)
    shop.close()
    shop.open()
    async with shop.running() as loop:
        journal = await shop.journal.read(lambda conn: purses.side_journal(conn, "till-1"))
        promised = await shop.journal.read(lambda conn: purses.promised(conn, journal))
        assert {"lease-1": 200} == promised
        await loop.ask(RemoveTender(sale_id, 1))
        await loop.ask(TypedScan(ADA_CARD))
        await pay(loop, sale_id, "points", 300)
        await loop.ask(RemoveTender(sale_id, 1))
        await loop.ask(CancelSale(sale_id))
        assert {} == await shop.journal.read(lambda conn: purses.promised(conn, journal))
        assert {"lease-1": 300} == await left(shop)
        assert [] == await facts(shop, ValueSpent, LeaseClosed)


async def test_a_lease_for_one_sale_is_closed_with_it(shop):
    """What a sale did not need would be kept from the customer for a week."""
    async with shop.running() as loop:
        sale_id = await basket(loop)
        lacking = await loop.ask(AskLacking(sale_id, TenderRequest(kind="points", amount=200)))
        assert (ADA, "points", 200) == (lacking.owner, lacking.unit, lacking.value)
        await given(shop, "lease-2", cap=250, sale_id=sale_id)
        assert None is await loop.ask(AskLacking(sale_id, TenderRequest(kind="points", amount=200)))
        await pay(loop, sale_id, "points", 200)
        await pay(loop, sale_id, amount=299)
        await loop.ask(CompleteSale(sale_id))
        [closed] = await facts(shop, LeaseClosed)
        assert ("lease-2", 200, "sale") == (closed.lease_id, closed.spent, closed.reason)
        assert {} == await left(shop)


@pytest.mark.parametrize("party", [ADA, None])
async def test_a_lease_that_its_sale_did_without_is_closed_with_it(shop, party):
    """Who thought better of it, and paid in cash, would miss their points for a week."""
    async with shop.running() as loop:
        sale_id = await basket(loop, party=party)
        await given(shop, "lease-2", owner=gift_owner(NUMBER), unit="EUR", sale_id=sale_id)
        await pay(loop, sale_id, "gift_card", 300, NUMBER)
        await loop.ask(RemoveTender(sale_id, 1))
        await pay(loop, sale_id)
        await loop.ask(CompleteSale(sale_id))
        [closed] = await facts(shop, LeaseClosed)
    assert ("lease-2", 0, "sale") == (closed.lease_id, closed.spent, closed.reason)


async def test_a_lease_that_comes_after_its_sale_is_closed_in_the_evening(shop):
    """HQ answered too late, and the customer's points would lie at a till for a week."""
    async with shop.running() as loop:
        over = await basket(loop)
        await pay(loop, over)
        await loop.ask(CompleteSale(over))
        await given(shop, "lease-2", sale_id=over)
        await given(shop, "lease-3")
        await loop.ask(CloseTill(499))
        closed = await facts(shop, LeaseClosed)
        assert {"lease-3": 300} == await left(shop)
    assert [("lease-2", 0, "sale")] == [(each.lease_id, each.spent, each.reason) for each in closed]


async def test_leases_lapse_after_enough_closings(shop):
    """A lease would lie at a till for ever, whatever the clock says."""
    await given(shop)
    async with shop.running() as loop:
        for _ in range(2):
            sale_id = await basket(loop, party=None)
            await pay(loop, sale_id)
            await loop.ask(CompleteSale(sale_id))
            await loop.ask(CloseTill(0))
        [closed] = await facts(shop, LeaseClosed)
        assert ("lease-1", 0, "lapsed") == (closed.lease_id, closed.spent, closed.reason)


async def test_a_refund_goes_back_to_the_points(shop):
    """What was paid with points would be paid out in cash, or be lost."""
    await given(shop)
    async with shop.running() as loop:
        sale_id = await basket(loop)
        await pay(loop, sale_id, "points", 300)
        await pay(loop, sale_id, amount=199)
        await loop.ask(CompleteSale(sale_id))
        view = await loop.ask(OpenSale())
        back = view.sale.sale_id
        await loop.ask(AddLine(back, LineRequest(returns=ReturnedLine(sale_id=sale_id, line=1))))
        with pytest.raises(Fault) as caught:
            await pay(loop, back, "points", -400)
        assert "not-paid-so" == caught.value.name
        await pay(loop, back, "points", -300)
        await pay(loop, back, amount=-199)
        await loop.ask(CompleteSale(back))
        [fact] = await facts(shop, ValueRestored)
        assert (sale_id, 1, 300) == (fact.of_sale, fact.of_tender, fact.amount)


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_was_given_back_to_the_points_is_not_given_back_again(shop, restarted):
    """The paper would promise points that HQ does not give, or a customer be paid out twice."""
    await given(shop, cap=600)
    async with shop.running() as loop:
        sale_id = await basket(loop, quantity=2000)
        await pay(loop, sale_id, "points", 499)
        await pay(loop, sale_id, amount=499)
        await loop.ask(CompleteSale(sale_id))
        back = await returning(loop, sale_id)
        await pay(loop, back, "points", -499)
        await loop.ask(CompleteSale(back))
    if restarted:
        shop.close()
        shop.open()
    async with shop.running() as loop:
        again = await returning(loop, sale_id)
        with pytest.raises(Fault) as caught:
            await pay(loop, again, "points", -499)
        assert "not-paid-so" == caught.value.name
        await pay(loop, again, amount=-499)
        await loop.ask(CompleteSale(again))


async def returning(loop, sale_id):
    """Open a sale in which one pack of coffee comes back."""
    back = (await loop.ask(OpenSale())).sale.sale_id
    returned = ReturnedLine(sale_id=sale_id, line=1)
    await loop.ask(AddLine(back, LineRequest(returns=returned, quantity=1000)))
    return back


async def test_a_gift_card_is_charged_and_pays(shop):
    """The number of a gift card, which is as good as money, would stand in the journal."""
    async with shop.running() as loop:
        sale_id = await basket(loop, item_id="socks", gift_card=NUMBER)
        await pay(loop, sale_id, amount=999)
        await loop.ask(CompleteSale(sale_id))
        [loaded] = await facts(shop, ValueLoaded)
        owner = gift_owner(NUMBER)
        assert (owner, "EUR", 999) == (loaded.owner, loaded.unit, loaded.value)
        assert [] == await facts(shop, ValueEarned)
        sale_id = await basket(loop, party=None)
        await given(shop, "lease-3", owner=owner, unit="EUR", cap=499, sale_id=sale_id)
        await pay(loop, sale_id, "gift_card", 499, NUMBER)
        await loop.ask(CompleteSale(sale_id))
        [spent] = await facts(shop, ValueSpent)
        assert (owner, "EUR", 499) == (spent.owner, spent.unit, spent.amount)
    held = (shop.folder / "journal.db").read_bytes() + b"".join(
        path.read_bytes() for path in shop.folder.glob("journal.db-wal")
    )
    assert b"123456789012" not in held
    assert NUMBER.encode() not in held


async def test_a_gift_card_that_charges_none_is_not_sold(shop):
    """Somebody would pay for a gift card with nothing on it."""
    async with shop.running() as loop:
        sale_id = await basket(loop, item_id="socks")
        await pay(loop, sale_id, amount=999)
        with pytest.raises(Fault) as caught:
            await loop.ask(CompleteSale(sale_id))
        assert "gift-card-missing" == caught.value.name


@pytest.mark.parametrize(
    ("kind", "reference", "party", "name"),
    [
        ("points", None, None, "no-customer"),
        ("gift_card", None, ADA, "gift-number"),
        ("gift_card", NUMBER, ADA, "more-than-leased"),
    ],
)
async def test_what_cannot_pay_says_why(shop, kind, reference, party, name):
    """A cashier would stand before a refusal that nobody explains."""
    async with shop.running() as loop:
        sale_id = await basket(loop, party=party)
        with pytest.raises(Fault) as caught:
            await pay(loop, sale_id, kind, 100, reference)
        assert (name, True) == (caught.value.name, bool(caught.value.remedy))


async def test_a_gift_card_is_named_after_its_line(shop):
    """A cashier who scans the item first would have to begin again."""
    async with shop.running() as loop:
        sale_id = await basket(loop, item_id="socks")
        for _ in range(2):
            view = await loop.ask(ChargeGift(sale_id, 1, NUMBER))
            assert gift_owner(NUMBER) == view.sale.lines[0].serial
        await loop.ask(AddLine(sale_id, LineRequest(item_id="coffee")))
        with pytest.raises(Fault) as caught:
            await loop.ask(ChargeGift(sale_id, 2, NUMBER))
        assert "no-gift-card" == caught.value.name
        shown = await loop.view()
        assert (("points", "gift_card"), ("socks",)) == (shown.takes, shown.gift_items)
        await pay(loop, sale_id, amount=1498)
        await loop.ask(CompleteSale(sale_id))
        [loaded] = await facts(shop, ValueLoaded)
        assert (1, 999) == (loaded.line, loaded.value)
        # The coffee earned, the gift card did not.
        [earned] = await facts(shop, ValueEarned)
        assert 4 == earned.earnings[0].value


async def test_a_gift_card_may_have_a_number_like_a_bank_cards(shop):
    """Every tenth gift card of many issuers could be neither sold nor paid with."""
    owner = gift_owner(LIKE_A_BANK_CARD)
    async with shop.running() as loop:
        sale_id = await basket(loop, item_id="socks")
        view = await loop.ask(ChargeGift(sale_id, 1, LIKE_A_BANK_CARD))
        assert owner == view.sale.lines[0].serial
        socks = LineRequest(item_id="socks", gift_card=LIKE_A_BANK_CARD)
        view = await loop.ask(AddLine(sale_id, socks))
        assert owner == view.sale.lines[1].serial
        with pytest.raises(Fault) as caught:
            await pay(loop, sale_id, "gift_card", 100, LIKE_A_BANK_CARD)
        assert "more-than-leased" == caught.value.name
        with pytest.raises(Fault) as caught:
            await pay(loop, sale_id, "card", 100, LIKE_A_BANK_CARD)
        assert "card-number" == caught.value.name


async def test_points_are_not_paid_with_by_a_number_that_a_neighbour_could_guess(shop):
    """Who counts on from their own card number would pay with what others have saved."""
    bob, old_card = PartyId("019a0000-0000-7000-8000-00000000b0b0"), "LC004123"
    phone = "+491701234567"
    named = {IdentifierType.LOYALTY_CARD: old_card, IdentifierType.PHONE: phone}
    held = Card(party_id=bob, name="Bob", points=300)
    shop.directory.put_local(held, [Identifier(*each) for each in named.items()], RULES)
    await given(shop, owner=bob)
    async with shop.running() as loop:
        sale_id = await basket(loop, party=bob)
        asked = TenderRequest(kind="points", amount=200)
        for presented in (None, old_card):
            if presented:
                await loop.ask(TypedScan(presented))
            for command in (AddTender(sale_id, asked), AskLacking(sale_id, asked)):
                with pytest.raises(Fault) as caught:
                    await loop.ask(command)
                assert ("identify-better", True) == (caught.value.name, bool(caught.value.remedy))
        await loop.ask(TypedScan(phone))
        await pay(loop, sale_id, "points", 200)
        await pay(loop, sale_id, amount=299)
        await loop.ask(CompleteSale(sale_id))
        assert {"lease-1": 100} == await left(shop)


async def test_whose_points_pay_stays_on_the_sale(shop):
    """Somebody's points would pay for what another one bought, and earned with it."""
    await given(shop)
    bob = PartyId("019a0000-0000-7000-8000-00000000b0b0")
    async with shop.running() as loop:
        sale_id = await basket(loop)
        await pay(loop, sale_id, "points", 200)
        for other in (bob, None):
            with pytest.raises(Fault) as caught:
                await loop.ask(SetCustomer(sale_id, other))
            assert ("points-on-the-counter", True) == (caught.value.name, bool(caught.value.remedy))
        await loop.ask(TypedScan(ADA_CARD))
        await loop.ask(RemoveTender(sale_id, 1))
        assert bob == (await loop.ask(SetCustomer(sale_id, bob))).sale.party_id


async def test_what_a_sale_says_of_a_gift_card_does_not_pay(shop):
    """Who finds the receipt, or reads the journal, would pay with somebody's gift card."""
    owner = gift_owner(NUMBER)
    async with shop.running() as loop:
        sale_id = await basket(loop, party=None)
        await given(shop, owner=owner, unit="EUR", cap=499, sale_id=sale_id)
        with pytest.raises(Fault) as caught:
            await pay(loop, sale_id, "gift_card", 499, owner)
        assert "more-than-leased" == caught.value.name
        await pay(loop, sale_id, "gift_card", 499, NUMBER)
