"""Points and gift cards in sales of POS software: spent under leases, else kept and told."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.card_numbers import CardNumbersMasked
from agent.core.entries.bodies import LeaseClosed, ValueRestored, ValueSpent
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.identifiers import SaleId
from agent.core.loyalty import EarnRule, Lease, Programme, Worth, gift_owner
from agent.core.loyalty.facts import ValueLoaded, ValueUnspent
from agent.journal import chains, purses
from agent.till.commands import AskUnleased, RecordSale, TypedScan
from agent.till.requests import ExternalLine, ExternalSale, ReturnedLine, TenderRequest
from tests.till.conftest import ADA, ADA_CARD, Shop, till

pytestmark = pytest.mark.asyncio
SALE, BACK, AGAIN = (SaleId(f"019a2222-0000-7000-8000-00000000000{n}") for n in "123")
SOCKS = ExternalLine(name="Socks", quantity=1000, unit_price=999, taxes=("standard",))
NUMBER = "4111 1111 1111 1111"
"""Of a gift card; it looks like that of a payment card."""
PROGRAMME = Programme(
    1, (EarnRule("base", 1, points=1, per=100),), Worth(100, 100), gift_items=("socks",)
)


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path, till("pos", basket="external"))
    body = msgspec.Raw(msgspec.json.encode(PROGRAMME))
    items = (FeedItem(1, "rule:loyalty", 1, "put", body),)
    shop.directory.apply("global", FeedPage(items=items, cursor="1-a.1.x", more=False))
    yield shop
    shop.close()


async def given(shop, *, owner=ADA, unit="points", cap=300, sale_id=None):
    """Have HQ's lease at the till."""

    def receive(conn):
        worth = Worth(100, 100) if unit == "points" else Worth(1, 1)
        journal = purses.side_journal(conn, "pos")
        lease = Lease(owner, unit, cap, "s1", "pos", journal, "2026-07-28", worth, 2, sale_id)
        purses.receive(conn, "lease-1", lease)

    await shop.journal.write(receive)


async def facts(shop, *kinds):
    found = await shop.journal.read(lambda conn: chains.entries(conn, "pos", "side", 0))
    return [body for _, body in found if isinstance(body, kinds)]


def value(kind="points", amount=200, reference=None):
    return TenderRequest(kind=kind, amount=amount, reference=reference)


def sale(*tenders, party_id=ADA, lines=(SOCKS,), total=999):
    """Make the request of a sale of which cash pays the rest."""
    rest = total - sum(each.amount for each in tenders)
    cash = (TenderRequest(kind="cash", amount=rest),) if rest else ()
    return ExternalSale(lines=lines, tenders=(*tenders, *cash), party_id=party_id)


async def test_points_in_a_whole_sale_are_spent_once(shop):
    """A customer would pay with points at the POS and still have them, or have them taken twice."""
    await given(shop)
    async with shop.running() as loop:
        await loop.ask(TypedScan(ADA_CARD))
        request = sale(value())
        first = await loop.ask(RecordSale(SALE, request))
        assert first == await loop.ask(RecordSale(SALE, request))
        [fact] = await facts(shop, ValueSpent)
        assert (SALE, ADA, 1, 200) == (fact.sale_id, fact.owner, fact.tender, fact.amount)
        assert () == first.unspent == await loop.ask(AskUnleased(SALE, request))
        [tender, _] = (await loop.sale(SALE)).sale.tenders
        assert None is tender.reference


async def test_a_sale_that_nothing_pays_is_kept_and_told(shop):
    """The sale would be lost with its payment, or the payment pass for one that was taken."""
    await given(shop, cap=100)
    async with shop.running() as loop:
        await loop.ask(TypedScan(ADA_CARD))
        request = sale(value(amount=150))
        first = await loop.ask(RecordSale(SALE, request))
        assert [(1, "more-than-leased")] == [(each.tender, each.name) for each in first.unspent]
        assert "1.50" in first.unspent[0].detail
        assert first == await loop.ask(RecordSale(SALE, request))
        [fact] = await facts(shop, ValueUnspent, ValueSpent)
        assert (SALE, ADA, "points", 1, 150, "more-than-leased") == (
            fact.sale_id,
            fact.owner,
            fact.unit,
            fact.tender,
            fact.amount,
            fact.why,
        )
        # What is left of the lease pays the next one.
        assert () == (await loop.ask(RecordSale(AGAIN, sale(value(amount=100))))).unspent


@pytest.mark.parametrize(
    ("tender", "party_id", "why"),
    [
        (value(), None, "no-customer"),
        (value(), ADA, "identify-better"),
        (value("gift_card", reference="?"), None, "gift-number"),
        (value("gift_card", reference=NUMBER), None, "more-than-leased"),
    ],
)
async def test_what_is_nobodys_is_spent_of_nobody(shop, tender, party_id, why):
    """Whoever types a neighbour's id into the POS would pay with their points."""
    await given(shop)
    async with shop.running() as loop:
        done = await loop.ask(RecordSale(SALE, sale(tender, party_id=party_id)))
        assert [why] == [each.name for each in done.unspent]
        assert [] == await facts(shop, ValueSpent)
        assert () == await loop.ask(AskUnleased(SALE, sale(tender, party_id=party_id)))


async def test_a_gift_card_pays_under_a_lease_for_the_sale_and_its_number_is_not_kept(shop):
    """A gift card would buy as often as POS software sends it, or its number lie on the disk."""
    card = gift_owner(NUMBER)
    async with shop.running() as loop:
        request = sale(value("gift_card", reference=NUMBER), party_id=None)
        [lacking] = await loop.ask(AskUnleased(SALE, request))
        assert (card, "EUR", 200) == (lacking.owner, lacking.unit, lacking.value)
        await given(shop, owner=card, unit="EUR", cap=200, sale_id=SALE)
        assert () == await loop.ask(AskUnleased(SALE, request))
        assert () == (await loop.ask(RecordSale(SALE, request))).unspent
        spent, closed = await facts(shop, ValueSpent, LeaseClosed, CardNumbersMasked)
        assert (card, 200, 200) == (spent.owner, spent.amount, closed.spent)
        assert card == (await loop.sale(SALE)).sale.tenders[0].reference
    files = [each.read_bytes() for each in shop.folder.rglob("*") if each.is_file()]
    assert files
    assert not any(NUMBER.encode() in each for each in files)


async def test_all_payments_of_one_customer_are_asked_for_together(shop):
    """Of two payments with points the second would lack what the first one took."""
    await given(shop, cap=50)
    async with shop.running() as loop:
        await loop.ask(TypedScan(ADA_CARD))
        [lacking] = await loop.ask(AskUnleased(SALE, sale(value(), value(amount=60))))
    assert (ADA, "points", 210) == (lacking.owner, lacking.unit, lacking.value)


async def test_a_return_gives_back_what_was_paid_and_no_more(shop):
    """Points would be made by giving the same goods back twice."""
    await given(shop)
    line = msgspec.structs.replace(SOCKS, quantity=-1000, returns=ReturnedLine(SALE, 1))
    async with shop.running() as loop:
        await loop.ask(TypedScan(ADA_CARD))
        await loop.ask(RecordSale(SALE, sale(value())))
        refund = sale(value(amount=-200), value(amount=-10), lines=(line,), total=-999)
        done = await loop.ask(RecordSale(BACK, refund))
        [fact] = await facts(shop, ValueRestored)
    assert (SALE, 1, 200) == (fact.of_sale, fact.of_tender, fact.amount)
    assert [(2, "not-paid-so")] == [(each.tender, each.name) for each in done.unspent]


async def test_a_payment_sent_twice_under_one_id_is_one(shop):
    """A repeated line of a request would be looked for among the payments, and the sale be lost."""
    await given(shop)
    once = TenderRequest(kind="points", amount=200, tender_id="t-1")
    async with shop.running() as loop:
        await loop.ask(TypedScan(ADA_CARD))
        request = sale(once, total=999)
        request = msgspec.structs.replace(request, tenders=(once, *request.tenders))
        assert () == (await loop.ask(RecordSale(SALE, request))).unspent
        [fact] = await facts(shop, ValueSpent)
    assert 200 == fact.amount


GIFT = msgspec.structs.replace(SOCKS, item_id="socks")
"""The programme says that they are gift cards."""


def gift(**changes):
    return msgspec.structs.replace(GIFT, **changes)


async def test_a_gift_card_that_is_sold_is_charged_once_and_its_number_not_kept(shop):
    """Wrong: POS software sells gift cards on which there is nothing."""
    async with shop.running() as loop:
        request = sale(party_id=None, lines=(SOCKS, gift(gift_card=NUMBER)), total=1998)
        first = await loop.ask(RecordSale(SALE, request))
        assert first == await loop.ask(RecordSale(SALE, request))
        assert () == first.uncharged
        [fact, *masked] = await facts(shop, ValueLoaded, CardNumbersMasked)
        assert (SALE, gift_owner(NUMBER), "EUR", 2, 999) == (
            fact.sale_id,
            fact.owner,
            fact.unit,
            fact.line,
            fact.value,
        )
        assert [] == masked
    files = [each.read_bytes() for each in shop.folder.rglob("*") if each.is_file()]
    assert not any(NUMBER.encode() in each for each in files)


@pytest.mark.parametrize(
    ("line", "total", "why"),
    [
        (gift(), 999, "gift-card-missing"),
        (gift(gift_card="?"), 999, "gift-number"),
        (gift(gift_card=NUMBER, quantity=2000), 1998, "no-gift-card"),
        (msgspec.structs.replace(SOCKS, gift_card=NUMBER), 999, "no-gift-card"),
        (gift(gift_card=NUMBER, quantity=-1000), -999, "gift-card-return"),
    ],
)
async def test_a_gift_card_that_cannot_be_charged_is_told_and_the_sale_kept(shop, line, total, why):
    """Wrong: the sale is lost, or nobody hears that the card in the customer's hand is empty."""
    async with shop.running() as loop:
        request = sale(party_id=None, lines=(line,), total=total)
        first = await loop.ask(RecordSale(SALE, request))
        assert [(1, why)] == [(each.line, each.name) for each in first.uncharged]
        assert first == await loop.ask(RecordSale(SALE, request))
        assert [] == await facts(shop, ValueLoaded)
    files = [each.read_bytes() for each in shop.folder.rglob("*") if each.is_file()]
    assert not any(NUMBER.encode() in each for each in files)
