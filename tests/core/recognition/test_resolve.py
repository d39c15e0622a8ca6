"""From means to one outcome, over what a till holds."""

from __future__ import annotations

from agent.core.barcode import BarcodeRules, Reason, read
from agent.core.identifiers import ItemId, PartyId, SaleId
from agent.core.quantities import Minor
from agent.core.recognition import (
    CouponKey,
    Found,
    Identifier,
    IdentifierType,
    Item,
    ItemKey,
    KnownElsewhere,
    OrderKey,
    Price,
    ReceiptKey,
    Recognition,
    RecognitionKind,
    RecognitionRules,
    Unknown,
    means_of,
    means_of_typed,
    price_on,
    resolve,
)

COFFEE = Item(ItemId("coffee"), "Coffee 250 g", ("standard",), ("04006381333931",), "2112345")
ADA = Identifier(IdentifierType.EMAIL, "ada@example.com")
PHONE = Identifier(IdentifierType.PHONE, "+49301234567")
CARD = Identifier(IdentifierType.LOYALTY_CARD, "LC1")
RULES = RecognitionRules(("LC",), ("WEB-",), "DE", "store-0001")


class Shelf:
    """Holds one of each."""

    def item(self, key: ItemKey) -> Item | None:
        known = (key.gtin in COFFEE.gtins, key.reference == COFFEE.reference)
        return COFFEE if any(known) or key.item_id == COFFEE.item_id else None

    def party(self, identifier: Identifier) -> Found | KnownElsewhere | Unknown:
        if identifier == ADA:
            return Found(PartyId("p-ada"), identifier, ("this e-mail address is Ada's",))
        if identifier == PHONE:
            return KnownElsewhere(("known at HQ",))
        return Unknown(("nobody",))

    def order(self, order_no: str) -> str | None:
        return order_no if order_no == "WEB-1" else None

    def receipt(self, receipt_no: str) -> SaleId | None:
        return SaleId("sale-1") if receipt_no == "s-t-ab12-1" else None


def _resolve(*means) -> Recognition:
    return resolve(means, Shelf())


def test_an_item_is_found_by_each_of_its_keys():
    """An item would be sold by one of its codes only."""
    for key in (
        ItemKey(gtin="04006381333931"),
        ItemKey(reference="2112345"),
        ItemKey(item_id=ItemId("coffee")),
    ):
        outcome = _resolve(key)
        assert (outcome.kind, outcome.item, outcome.means) == (RecognitionKind.ITEM, COFFEE, key)
        assert "Coffee" in outcome.why[0]


def test_a_customer_an_order_a_receipt_and_a_coupon():
    """One kind of thing would be recognised as another."""
    customer = _resolve(ADA)
    assert customer.kind == RecognitionKind.CUSTOMER
    assert isinstance(customer.answer, Found)
    assert (customer.answer.party_id, customer.held) == (PartyId("p-ada"), True)
    order = _resolve(OrderKey("WEB-1"))
    assert (order.kind, order.order_no, order.held) == (RecognitionKind.ORDER, "WEB-1", True)
    receipt = _resolve(ReceiptKey("s-t-ab12-1"))
    assert (receipt.kind, receipt.sale_id, receipt.receipt_no) == (
        RecognitionKind.RECEIPT,
        "sale-1",
        "s-t-ab12-1",
    )
    coupon = _resolve(CouponKey("99"))
    assert (coupon.kind, coupon.coupon) == (RecognitionKind.COUPON, "99")


def test_the_first_held_means_wins():
    """A number that is an item and could be a phone would open somebody's card."""
    assert _resolve(CARD, ItemKey(gtin="04006381333931"), ADA).kind == RecognitionKind.ITEM
    assert _resolve(ItemKey(gtin="0"), ADA).kind == RecognitionKind.CUSTOMER


def test_nothing_held_says_what_it_would_have_been():
    """The till could not offer to enrol the card, or to sell the unknown item."""
    outcome = _resolve(CARD)
    assert (outcome.kind, outcome.held) == (RecognitionKind.CUSTOMER, False)
    assert isinstance(outcome.answer, Unknown)
    item = _resolve(ItemKey(gtin="09520123456788"), CARD)
    assert item.kind == RecognitionKind.UNKNOWN
    assert item.means == ItemKey(gtin="09520123456788")
    assert item.why == ("no item is listed under GTIN 09520123456788", "nobody")
    assert _resolve(OrderKey("WEB-9")).order_no == "WEB-9"
    assert not _resolve(OrderKey("WEB-9")).held
    assert _resolve(ReceiptKey("s-t-ab12-9")).sale_id is None
    assert "2199" in _resolve(ItemKey(reference="2199")).why[0]
    assert "tea" in _resolve(ItemKey(item_id=ItemId("tea"))).why[0]


def test_known_elsewhere_goes_before_other_misses():
    """A customer of another region would be asked to enrol again."""
    outcome = _resolve(ItemKey(gtin="09520123456788"), CARD, PHONE)
    assert isinstance(outcome.answer, KnownElsewhere)
    assert outcome.why[0] == "known at HQ"


def test_no_means_at_all_tells_the_reasons():
    """An unreadable scan would end without a word."""
    outcome = resolve((), Shelf(), (Reason("wrong-check-digit", "expected 1, got 2"),))
    assert (outcome.kind, outcome.held) == (RecognitionKind.UNKNOWN, False)
    assert outcome.why[0] == "expected 1, got 2"


def test_from_bytes_to_the_customer():
    """A room would pass on what the next one does not expect."""
    scan = read(b"]E04006381333931", BarcodeRules((), "EUR"))
    assert resolve(means_of(scan, RULES), Shelf()).item == COFFEE
    typed = means_of_typed("ADA@example.com", None, RULES)
    assert resolve(typed, Shelf()).kind == RecognitionKind.CUSTOMER


def test_the_price_of_a_day():
    """A price would be charged before or after its time."""
    prices = (
        Price(Minor(500)),
        Price(Minor(450), "2026-03-01", "2026-03-31"),
        Price(Minor(400), "2026-03-15", "2026-03-16"),
    )
    item = Item(ItemId("x"), "X", ("standard",), prices=prices)
    days = ["2026-02-28", "2026-03-01", "2026-03-15", "2026-03-17", "2026-04-01"]
    assert [500, 450, 400, 450, 500] == [price_on(item, day) for day in days]
    assert price_on(Item(ItemId("y"), "Y", ()), "2026-01-01") is None
