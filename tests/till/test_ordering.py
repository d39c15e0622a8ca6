"""Orders at the till: handed over, paid, given back and made, with HQ out of reach."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.entries.bodies import SaleCompleted
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import Fault
from agent.core.history import Order
from agent.core.identifiers import SaleId
from agent.core.orders import (
    OrderLine,
    OrderNoted,
    Part,
    Payment,
    PaymentState,
    Placed,
    Refund,
    Stage,
    Step,
    gathered,
    view,
)
from agent.core.sale.model import TaxRate
from agent.till import commands, orders
from agent.till.order_commands import (
    CollectInSale,
    GiveBack,
    OrderSpecially,
    OrderStep,
    Reorder,
    SpecialRequest,
    WantedItem,
)
from agent.till.requests import LineRequest, ReturnedLine, TenderRequest
from tests.till.conftest import ADA, ADA_CARD, Shop, till
from tests.till.test_selling import bodies

SALE = SaleId("019a2222-0000-7000-8000-000000000001")
OTHER = SaleId("019a2222-0000-7000-8000-000000000002")
THIRD = SaleId("019a2222-0000-7000-8000-000000000003")
ID = "web/WEB-7"
STANDARD = (TaxRate("standard", 1900),)
KETTLE = OrderLine(1, "Kettle", 2000, 9998, item="kettle", taxes=STANDARD)
SOCKS = OrderLine(2, "Socks", 3000, 1000, item="socks", gtin="09521234543213")
CARRIAGE = OrderLine(3, "Carriage", 1000, 499, goods=False)
READY = Step("web/ready", ID, Stage.READY, location="s1", until="2026-11-30")


def publish(shop, *told, lines=(KETTLE, SOCKS), collect_at="s1", ver=1, order_id=ID):
    """Have HQ's feed bring the order as it stands."""
    placed = Placed(
        "web/placed", order_id, "WEB-7", "web", "EUR", lines, collect_at=collect_at, at="t"
    )
    order = gathered(order_id, (placed, *told))
    row = Order(
        "WEB-7",
        "web",
        view(order).state,
        "t",
        view(order).money.ordered,
        "EUR",
        collect_at=collect_at,
        order_id=order_id,
        told=order.told,
    )
    change = FeedItem(ver, "order:WEB-7", ver, "put", msgspec.Raw(msgspec.json.encode(row)))
    cursor = f"{'0' * 16}.{ver}.0123456789abcdef"
    shop.directory.apply("store:s1" if collect_at else "global", FeedPage((change,), cursor, False))
    return order


def settled(amount, event="web/paid"):
    return Payment(event, ID, "pay-1", amount)


async def pay(loop, sale_id=SALE):
    view_ = await loop.sale(sale_id)
    tender = TenderRequest(kind="cash", amount=view_.totals.due)
    await loop.ask(commands.AddTender(sale_id, tender))
    return await loop.ask(commands.CompleteSale(sale_id))


async def noted_by(shop):
    return [body for body in await bodies(shop, "side") if isinstance(body, OrderNoted)]


async def refused(loop, command):
    with pytest.raises(Fault) as caught:
        await loop.ask(command)
    assert caught.value.remedy
    return caught.value.name


@pytest.mark.asyncio
async def test_a_paid_order_is_handed_over_offline_and_once(shop):
    """The customer would stand before their own goods, or get them twice."""
    publish(shop, settled(10_998), READY)
    async with shop.running() as loop:
        [waiting] = orders.here(loop.desk, "ready")
        assert ("WEB-7", "paid", "2026-11-30") == (
            waiting.order_no,
            waiting.money_state,
            waiting.until,
        )
        take = OrderStep("WEB-7", Stage.COLLECTED, event="a")
        first, again = await loop.ask(take), await loop.ask(take)
        assert "collected" == first.state == again.state
        [held] = [orders.shown(loop.desk, shop.directory.order("WEB-7"))]
        assert ("collected", ()) == (held.state, held.told)
        assert [] == orders.here(loop.desk)
        assert "order-collected" == await refused(loop, OrderStep("WEB-7", Stage.COLLECTED))
    [fact] = await noted_by(shop)
    [told] = fact.told
    assert ((Part(1, 2000), Part(2, 3000)), "s1", "s1/till-1/a") == (
        told.parts,
        told.location,
        told.event,
    )
    shop.close()
    shop.open()
    async with shop.running() as loop:
        assert "collected" == orders.sheet(loop.desk, "WEB-7").state
        assert "order-collected" == await refused(loop, OrderStep("WEB-7", Stage.COLLECTED))


@pytest.mark.asyncio
async def test_an_order_is_paid_where_it_is_collected(shop):
    """Money would be taken twice, or not at all, or for other goods than were handed over."""
    publish(shop, READY, lines=(KETTLE, SOCKS, CARRIAGE))
    async with shop.running() as loop:
        assert "payment-due" == await refused(loop, OrderStep("WEB-7", Stage.COLLECTED))
        await loop.ask(commands.OpenSale(SALE))
        shown = await loop.ask(CollectInSale(SALE, "WEB-7", (Part(1, 1000),)))
        assert 4999 + 499 == shown.totals.total
        shown = await loop.ask(CollectInSale(SALE, "WEB-7"))
        assert 9998 + 1000 + 499 == shown.totals.total
        assert "order-collected" == await refused(loop, CollectInSale(SALE, "WEB-7"))
        await pay(loop)
        done = orders.sheet(loop.desk, "WEB-7")
        assert ("collected", "paid", ()) == (done.state, done.money_state, done.troubles)
    [fact] = await noted_by(shop)
    step, payment = fact.told
    assert (SALE, 11_497, "cash") == (step.sale_id, payment.amount, payment.kind)
    [sale] = [body for body in await bodies(shop, "sales") if isinstance(body, SaleCompleted)]
    assert [1, 3, 1, 2] == [line.ordered.line or 3 for line in sale.lines]
    assert all(line.taxes for line in sale.lines)


@pytest.mark.asyncio
async def test_goods_of_an_order_come_back_by_its_number_alone(shop):
    """They would be paid back twice, by the receipt and by the order."""
    publish(shop, READY)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(CollectInSale(SALE, "WEB-7"))
        await pay(loop)
        await loop.ask(commands.OpenSale(OTHER))
        back = LineRequest(returns=ReturnedLine(SALE, 1))
        assert "goods-of-an-order" == await refused(loop, commands.AddLine(OTHER, back))
        shown = await loop.ask(GiveBack(OTHER, "WEB-7", 1))
        assert -9998 == shown.totals.total
        assert "more-than-returnable" == await refused(loop, GiveBack(OTHER, "WEB-7", 1))


@pytest.mark.asyncio
async def test_goods_of_an_order_nobody_knows_here_come_back_by_their_receipt(shop):
    """The customer would be sent to a number that this till has never heard of."""
    publish(shop, READY)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(CollectInSale(SALE, "WEB-7"))
        await pay(loop)
        gone = FeedItem(2, "order:WEB-7", 2, "del", msgspec.Raw(b"null"))
        cursor = f"{'0' * 16}.2.0123456789abcdef"
        shop.directory.apply("store:s1", FeedPage((gone,), cursor, more=False))
        await loop.ask(commands.OpenSale(OTHER))
        back = LineRequest(returns=ReturnedLine(SALE, 1))
        assert -9998 == (await loop.ask(commands.AddLine(OTHER, back))).totals.total


@pytest.mark.asyncio
async def test_what_was_paid_before_is_taken_off(shop):
    """A deposit would be lost on the day the rest is paid."""
    publish(shop, READY, settled(2000))
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        shown = await loop.ask(CollectInSale(SALE, "WEB-7"))
        assert 8998 == shown.totals.total
        await pay(loop)
        assert "paid" == orders.sheet(loop.desk, "WEB-7").money_state


@pytest.mark.asyncio
async def test_goods_of_a_web_order_come_back(shop):
    """More would come back than was ordered, or another sum be given for it than was paid."""
    taken = Step("web/collected", ID, Stage.COLLECTED, location="s2")
    publish(shop, settled(10_998), READY, taken, collect_at="s2")
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        ask = GiveBack(SALE, "WEB-7", 2, 1000, "too small", line_id="x")
        assert -333 == (await loop.ask(ask)).totals.total == (await loop.ask(ask)).totals.total
        back = GiveBack(SALE, "WEB-7", 1, 2000, damaged=True)
        assert -10_331 == (await loop.ask(back)).totals.total
        assert "more-than-returnable" == await refused(loop, GiveBack(SALE, "WEB-7", 2, 3000))
        await pay(loop)
        sheet = orders.sheet(loop.desk, "WEB-7")
        assert [0, 2000] == [each.returnable for each in sheet.goods]
        assert (10_331, 0) == (sheet.money.refunded, sheet.money.owed)
    [fact] = await noted_by(shop)
    assert {"available", "damaged"} == {each.bucket for each in fact.told if isinstance(each, Step)}
    [refund] = [each for each in fact.told if isinstance(each, Refund)]
    assert (SALE, 10_331, "cash") == (refund.refund, refund.amount, refund.kind)


@pytest.mark.asyncio
async def test_a_voided_line_tells_nothing_of_the_order(shop):
    """Goods would count as handed over that went back on the shelf before the sale was paid."""
    publish(shop, READY)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        shown = await loop.ask(CollectInSale(SALE, "WEB-7"))
        for line in shown.sale.lines:
            await loop.ask(commands.VoidLine(SALE, line.line, "changed their mind"))
        assert 10_998 == (await loop.ask(CollectInSale(SALE, "WEB-7"))).totals.total
        await pay(loop)
    [fact] = await noted_by(shop)
    assert [(Part(1, 2000), Part(2, 3000))] == [e.parts for e in fact.told if isinstance(e, Step)]


@pytest.mark.asyncio
async def test_a_special_order_is_made_offline(shop):
    """A customer would be sent away because HQ cannot be asked, or the order be made twice."""
    request = SpecialRequest((WantedItem("socks", 2000),), "019a3333-0000-7000-8000-00000000000a")
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        first = await loop.ask(OrderSpecially(SALE, request))
        again = await loop.ask(OrderSpecially(SALE, request))
        assert first.order == again.order
        assert ("draft", 1998, 400) == (first.order.state, first.order.total, again.sale.totals.due)
        assert [first.order.order_no] == [each.order_no for each in orders.here(loop.desk)]
        await pay(loop)
        now = orders.sheet(loop.desk, first.order.order_no)
        assert (400, 1598, "partly paid") == (now.money.settled, now.money.due, now.money_state)
    placed, paid = [each for fact in await noted_by(shop) for each in fact.told]
    assert (True, "s1", PaymentState.SETTLED) == (placed.draft, placed.collect_at, paid.state)
    assert placed.customer_ref is None


@pytest.mark.asyncio
async def test_a_basket_that_is_given_up_takes_its_special_order_along(shop):
    """HQ would keep a draft for ever that nobody is going to pay a deposit for."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        made = await loop.ask(OrderSpecially(SALE, SpecialRequest((WantedItem("socks"),))))
        await loop.ask(commands.CancelSale(SALE, "changed their mind"))
        assert "cancelled" == orders.sheet(loop.desk, made.order.order_no).state
        assert [] == orders.here(loop.desk)


@pytest.mark.asyncio
async def test_a_deposit_that_is_taken_out_takes_its_special_order_along(shop):
    """The order would wait for ever, on the store's list and with the customer, for a deposit."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        made = await loop.ask(OrderSpecially(SALE, SpecialRequest((WantedItem("socks"),))))
        await loop.ask(commands.VoidLine(SALE, 1, "changed their mind"))
        await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        await pay(loop)
        assert "cancelled" == orders.sheet(loop.desk, made.order.order_no).state
        assert [] == orders.here(loop.desk)


@pytest.mark.asyncio
async def test_what_was_ordered_before_is_bought_again(shop):
    """Who buys the same every week would have to search it every week."""
    publish(shop, settled(10_998))
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        done = await loop.ask(Reorder(SALE, "WEB-7"))
        assert (("Kettle",), [("Socks", 3000)]) == (
            done.missing,
            [(line.name, line.quantity) for line in done.sale.sale.lines],
        )
        assert done == await loop.ask(Reorder(SALE, "WEB-7"))
        assert "no-such-order" == await refused(loop, Reorder(SALE))


@pytest.mark.asyncio
async def test_all_of_an_order_is_bought_again_however_long_its_id(shop):
    """Of an order with a long id the first line would be sold, and the rest be forgotten."""
    coffee = OrderLine(1, "Coffee", 1000, 499, item="coffee")
    publish(shop, lines=(coffee, SOCKS), order_id="7" * 90)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        done = await loop.ask(Reorder(SALE, "WEB-7"))
    assert ["Coffee 250 g", "Socks"] == [line.name for line in done.sale.sale.lines]


@pytest.mark.asyncio
async def test_the_last_order_is_bought_again_by_who_may_see_it(shop):
    """An old card's neighbour, or the bearer of a receipt, would be read out what was ordered."""
    publish(shop, settled(10_998))
    row = msgspec.structs.replace(shop.directory.order("WEB-7"), party_id=ADA)
    change = FeedItem(2, "order:WEB-7", 2, "put", msgspec.Raw(msgspec.json.encode(row)))
    shop.directory.apply("store:s1", FeedPage((change,), f"{'0' * 16}.2.0123456789abcdef", False))
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.SetCustomer(SALE, ADA))
        assert "identify-better" == await refused(loop, Reorder(SALE))
        await loop.ask(commands.TypedScan(ADA_CARD))
        assert ("Kettle",) == (await loop.ask(Reorder(SALE))).missing


@pytest.mark.asyncio
async def test_a_special_order_is_made_whatever_hq_says_of_deposits(shop):
    """A rule of a newer HQ, or a slip in it, would end special orders in every store (P6)."""
    rule = FeedItem(1, "rule:deposits", 1, "put", msgspec.Raw(b'{"rate":"a fifth"}'))
    shop.directory.apply("global", FeedPage((rule,), f"{'0' * 16}.1.0123456789abcdef", False))
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        made = await loop.ask(OrderSpecially(SALE, SpecialRequest((WantedItem("socks", 2000),))))
        assert 400 == made.sale.totals.due


@pytest.mark.asyncio
async def test_what_is_not_for_this_till_is_refused_with_a_reason(shop):
    """A cashier would not know what to tell the customer."""
    publish(shop, settled(10_998), READY, collect_at="s2")
    async with shop.running() as loop:
        for stage, name in (
            (Stage.COLLECTED, "other-store"),
            (Stage.DELIVERED, "not-at-a-till"),
        ):
            assert name == await refused(loop, OrderStep("WEB-7", stage))
        assert "no-such-order" == await refused(loop, OrderStep("WEB-8", Stage.READY))
        await loop.ask(commands.OpenSale(OTHER))
        assert "other-store" != await refused(loop, GiveBack(OTHER, "WEB-7", 1, 1000))


@pytest.mark.asyncio
async def test_goods_in_a_basket_are_handed_over_in_no_other(tmp_path):
    """A parked basket and the next till would each hand out the same kettle, for money."""
    shop = Shop(tmp_path, till(), till("till-2"))
    publish(shop, READY)
    hand, collect = OrderStep("WEB-7", Stage.COLLECTED), CollectInSale(OTHER, "WEB-7")
    async with shop.running() as loop, shop.running(1) as next_till:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(CollectInSale(SALE, "WEB-7"))
        await next_till.ask(commands.OpenSale(OTHER))
        for command in (collect, hand):
            assert "order-in-basket" == await refused(next_till, command)
        await loop.ask(commands.ParkSale(SALE))
        await loop.ask(commands.OpenSale(THIRD))
        assert "order-in-basket" == await refused(loop, CollectInSale(THIRD, "WEB-7"))
        await loop.ask(commands.CancelSale(THIRD, "other basket"))
        await loop.ask(commands.CancelSale(SALE, "comes back tomorrow"))
        await next_till.ask(collect)
        await pay(next_till, OTHER)
        assert "order-collected" == await refused(loop, hand)
    shop.close()


@pytest.mark.asyncio
async def test_goods_that_come_back_in_a_basket_come_back_in_no_other(shop):
    """What was paid for goods would be given back twice."""
    handed = Step("web/handed", ID, Stage.COLLECTED, location="s1")
    publish(shop, settled(10_998), READY, handed)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(GiveBack(SALE, "WEB-7", 1))
        await loop.ask(commands.ParkSale(SALE))
        await loop.ask(commands.OpenSale(OTHER))
        assert "order-in-basket" == await refused(loop, GiveBack(OTHER, "WEB-7", 1))
        await loop.ask(commands.CancelSale(OTHER, "twice"))
        await loop.ask(commands.ResumeSale(SALE))
        await pay(loop, SALE)
        await loop.ask(commands.OpenSale(THIRD))
        assert "more-than-returnable" == await refused(loop, GiveBack(THIRD, "WEB-7", 1, 1000))


@pytest.mark.asyncio
@pytest.mark.parametrize("line", [1, 2, 3])
async def test_what_was_paid_before_leaves_the_basket_with_the_goods(shop, line):
    """Somebody would be paid out what they left for an order, and have left it still."""
    publish(shop, settled(8000), READY)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        view_ = await loop.ask(CollectInSale(SALE, "WEB-7"))
        assert (2998, 3) == (view_.totals.total, len(view_.sale.lines))
        after = await loop.ask(commands.VoidLine(SALE, line, "comes back tomorrow"))
        assert (0, True) == (after.totals.total, all(each.voided for each in after.sale.lines))
        assert 2998 == (await loop.ask(CollectInSale(SALE, "WEB-7"))).totals.total


@pytest.mark.asyncio
async def test_goods_of_an_order_are_as_many_as_were_ordered(shop):
    """Five would be handed over of two that were ordered, and nobody say so before the evening."""
    publish(shop, READY)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(CollectInSale(SALE, "WEB-7"))
        changed = commands.ChangeQuantity(SALE, 1, 5000)
        assert "order-is-fixed" == await refused(loop, changed)
