"""A web cart bought in a store, and all that may come in between."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.leads import (
    BookedLine,
    Booking,
    Conversion,
    CreditRule,
    Lead,
    LeadItem,
    LineRef,
    credit,
)

ADA, BOB = "party-ada", "party-bob"
FIRST = CreditRule("web-lead", "first")


def day(n, hour=12):
    return f"2026-11-{n:02d}T{hour:02d}:00:00.000Z"


def cart(n=1, *, lead_id="web/cart-1", coffee=1, **fields):
    items = (LeadItem("coffee", 1000 * coffee),) if coffee else ()
    return Lead(
        **{
            "lead_id": lead_id,
            "kind": "cart",
            "channel": "web",
            "at": day(n),
            "party_id": ADA,
            "items": items,
        }
        | fields
    )


def line(number=1, net=1000, *, item="coffee", pieces=1, **fields):
    return BookedLine(number, 1000 * pieces, net, item, **fields)


def sale(n, *lines, event=None, **fields):
    return Booking(
        **{
            "event": event or f"sale-{n}",
            "channel": "store",
            "at": day(n),
            "business_date": day(n)[:10],
            "currency": "EUR",
            "lines": lines or (line(),),
            "party_id": ADA,
        }
        | fields
    )


def told(leads, bookings, rules=(FIRST,), canonical=None):
    """Say who is credited how much, and why: channel, net, reason."""
    found = credit(leads, bookings, rules, canonical or {}).credits
    return [(each.channel, each.net, each.why) for each in found]


def test_cart_bought_in_a_store_credits_the_web():
    """The web would never learn that it brings customers to the stores."""
    found = credit([cart(touch_point="webshop", owner="ann")], [sale(3)], [FIRST])
    (only,) = found.credits
    assert ("sale-3", 1, "2026-11-03", "EUR") == (
        only.event,
        only.line,
        only.business_date,
        only.currency,
    )
    assert ("store", "web", 1000, "lead-of-customer") == (
        only.booked,
        only.channel,
        only.net,
        only.why,
    )
    assert ("webshop", "ann", "web/cart-1", "web-lead@1") == (
        only.touch_point,
        only.owner,
        only.lead_id,
        only.rule,
    )
    done = Conversion("web/cart-1", "sale-3", 1, 1000, "lead-of-customer")
    assert (done,) == found.conversions


def test_sale_without_a_lead_is_its_sellers():
    """Sales nobody led to would vanish from the credited view."""
    assert [("store", 1000, "sold")] == told([], [sale(3)])
    assert [("store", 1000, "sold")] == told([cart()], [sale(3, party_id=None)])
    assert [("store", 1000, "sold")] == told([cart()], [sale(3, party_id=BOB)])
    assert [("store", 1000, "sold")] == told([cart()], [sale(3, line(item="milk"))])
    assert [("store", 1000, "sold")] == told([cart()], [sale(3, line(item=None))])


def test_code_shown_at_the_till_needs_no_customer():
    """A guest who shows the cart's code at the till would be sold to without credit."""
    guest = cart(party_id=None)
    shown = sale(3, party_id=None, redeemed=("web/cart-1", "never-heard-of"))
    assert [("web", 1000, "lead-redeemed")] == told([guest], [shown])
    assert [("web", 1000, "lead-redeemed")] == told([cart()], [shown])


@pytest.mark.parametrize(
    ("at", "channel"), [(day(8), "web"), (day(8)[:17] + "01.000Z", "store"), (day(9), "store")]
)
def test_window_ends_to_the_second(at, channel):
    """A cart of last month would be credited for what was bought without it."""
    assert [channel] == [each[0] for each in told([cart()], [sale(1, at=at)])]


def test_lead_after_the_sale_counts_only_where_it_was_shown():
    """A cart made at home after the purchase would take the store's sale; a fast clock give it."""
    later = cart(4)
    assert [("store", 1000, "sold")] == told([later], [sale(3)])
    assert [("web", 1000, "lead-redeemed")] == told([later], [sale(3, redeemed=("web/cart-1",))])


def test_quote_ends_when_it_says():
    """A quote that has run out would still be credited to who wrote it."""
    quote = cart(kind="quote", valid_until=day(2))
    assert "web" == told([quote], [sale(2)])[0][0]
    assert "store" == told([quote], [sale(3)])[0][0]


def test_lead_about_nothing_in_particular_counts_for_one_visit():
    """A dealer's tip would be credited for a customer's whole life."""
    tip = cart(items=None, kind="visit", channel="partner")
    bookings = [sale(2, line(1, 10), line(2, 20, item="milk")), sale(3)]
    found = credit([tip], bookings, [FIRST])
    assert [("partner", 10), ("partner", 20), ("store", 1000)] == [
        (each.channel, each.net) for each in found.credits
    ]
    assert [True] == [lead.spent for lead in found.leads]


def test_lead_is_credited_for_as_much_as_it_asked_for():
    """One coffee in a cart would credit the web with a pallet of it, and again the day after."""
    bookings = [sale(2, line(net=3000, pieces=3)), sale(3)]
    expected = [
        ("store", 2000, "sold"),
        ("web", 1000, "lead-of-customer"),
        ("store", 1000, "sold"),
    ]
    assert expected == told([cart()], bookings)


def test_two_lines_of_one_thing_share_what_was_asked_for():
    """The second line of a receipt would be credited as if the first had not been."""
    bookings = [sale(2, line(1, 100), line(2, 100, pieces=2))]
    expected = [
        ("web", 100, "lead-of-customer"),
        ("store", 50, "sold"),
        ("web", 50, "lead-of-customer"),
    ]
    assert expected == told([cart(coffee=2)], bookings)


def test_cart_emptied_after_the_purchase_was_still_the_reason_for_it():
    """Customers who tidy their cart at home would take the web's credit away."""
    emptied = cart(5, coffee=0, ver=2)
    assert [("web", 1000, "lead-of-customer")] == told([cart(), emptied], [sale(3)])
    assert [("store", 1000, "sold")] == told([cart(), emptied], [sale(6)])


def test_coffee_put_into_the_cart_anew_counts_anew():
    """A cart would count once in a customer's life, or for ever."""
    versions = [cart(1), cart(4, coffee=0, ver=2), cart(5, ver=3), cart(7, coffee=2, ver=4)]
    bookings = [sale(3), sale(6), sale(8)]
    web = ("web", 1000, "lead-of-customer")
    assert [web, web, web] == told(versions, bookings)
    unchanged = [cart(1), cart(4, ver=2), cart(7, ver=3, touch_point="app")]
    assert [web, ("store", 1000, "sold"), ("store", 1000, "sold")] == told(unchanged, bookings)


def test_cart_filled_before_signing_in_is_the_customers_once_they_do():
    """Nobody signs in before filling a cart: no web cart would ever count."""
    signed_in = [cart(party_id=None), cart(2, ver=2)]
    assert [("web", 1000, "lead-of-customer")] == told(signed_in, [sale(3)])
    assert [("store", 1000, "sold")] == told(signed_in, [sale(3, at=day(1, 13))])


def test_cart_that_changes_hands_is_no_longer_the_first_ones():
    """A lead would be credited for a person it no longer belongs to."""
    moved = [cart(), cart(2, ver=2, party_id=BOB)]
    assert [("store", 1000, "sold")] == told(moved, [sale(3)])
    assert [("web", 1000, "lead-of-customer")] == told(moved, [sale(3, party_id=BOB)])


def test_later_version_with_an_earlier_clock_still_comes_later():
    """A web server whose clock was set back would undo a change of the cart."""
    versions = [cart(3, coffee=0), cart(1, ver=2)]
    assert [("store", 1000, "sold")] == told(versions, [sale(2)])
    assert [("web", 1000, "lead-of-customer")] == told(versions, [sale(4)])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("first", {"web": 1001}),
        ("last", {"partner": 1001}),
        ("split", {"web": 501, "partner": 500}),
        ("window", {"web": 375, "partner": 626}),
    ],
)
def test_rule_decides_between_leads(rule, expected):
    """The rule a chain has agreed on with its channels would not be the one that is used."""
    leads = [cart(1), cart(3, lead_id="b/1", channel="partner")]
    found = told(leads, [sale(5, line(net=1001), at=day(5))], [CreditRule("r", rule)])
    assert expected == {channel: net for channel, net, _ in found}


def test_last_is_the_one_touched_last():
    """An old cart the customer came back to last night would count as forgotten."""
    leads = [cart(1), cart(3, lead_id="b/1", channel="partner"), cart(4, ver=2)]
    assert "web" == told(leads, [sale(5)], [CreditRule("r", "last")])[0][0]
    assert "web" == told(leads, [sale(5)], [FIRST])[0][0]


def test_seller_keeps_its_share_of_what_a_lead_brought_and_all_of_the_rest():
    """Stores would send web customers away, since they earn nothing by serving them."""
    rule = CreditRule("half", "first", kept=5000)
    expected = [("store", 200, "sold"), ("store", 50, "kept"), ("web", 50, "lead-of-customer")]
    assert expected == told([cart()], [sale(2, line(net=300, pieces=3))], [rule])


def test_lead_that_another_was_credited_before_is_done_all_the_same():
    """Under `first`, the second cart would be credited for a second coffee nobody led to."""
    leads = [cart(1), cart(2, lead_id="b/1", channel="partner")]
    assert [("web", 1000, "lead-of-customer"), ("store", 1000, "sold")] == told(
        leads, [sale(3), sale(4)]
    )


def test_pieces_that_one_lead_asked_for_are_not_shared_with_others():
    """A cart with one coffee would share in the five of another cart."""
    leads = [cart(1), cart(2, lead_id="b/1", channel="partner", coffee=3)]
    found = told(leads, [sale(3, line(net=4000, pieces=4))], [CreditRule("r", "split")])
    expected = [
        ("store", 1000, "sold"),
        ("web", 500, "lead-of-customer"),
        ("partner", 2500, "lead-of-customer"),
    ]
    assert expected == found


def test_return_takes_the_credit_back_where_it_was_given():
    """The web would keep the credit for goods that came back; the store lose what it never had."""
    rule = CreditRule("half", "first", kept=5000)
    back = [
        sale(n, line(net=-net, pieces=-1, returns=LineRef("sale-2", 1)), channel="outlet")
        for n, net in ((3, 333), (4, 333), (5, 335))
    ]
    found = credit([cart(coffee=3)], [sale(2, line(net=1001, pieces=3)), *back], [rule])
    per_channel = {"store": 0, "web": 0}
    for each in found.credits:
        per_channel[each.channel] += each.net
    assert {"store": 0, "web": 0} == per_channel
    taken = [each for each in found.credits if each.event == "sale-3"]
    assert [("outlet", "store", -167), ("outlet", "web", -166)] == [
        (each.booked, each.channel, each.net) for each in taken
    ]
    assert {"taken-back"} == {each.why for each in taken}
    assert ["sale-2"] == [each.event for each in found.conversions]


def test_return_before_its_sale_by_the_clock_is_still_a_return_of_it():
    """A till whose clock is a day behind would leave the web with credit for returned goods."""
    back = sale(1, line(net=-1000, pieces=-1, returns=LineRef("sale-3", 1)), event="return")
    assert [-1000, 1000] == [
        each.net for each in credit([cart()], [back, sale(3)], [FIRST]).credits
    ]
    assert {"web"} == {each.channel for each in credit([cart()], [back, sale(3)], [FIRST]).credits}


def test_return_without_its_sale_is_debited_to_who_took_it_back():
    """Net sales and credit would differ by every return without a receipt."""
    alone = sale(3, line(net=-1000, pieces=-1))
    unknown = sale(3, line(net=-1000, pieces=-1, returns=LineRef("elsewhere", 1)))
    free = sale(3, line(net=0, pieces=-1))
    assert [("store", -1000, "return-alone")] == told([], [alone])
    assert [("store", -1000, "return-alone")] == told([], [unknown])
    assert [] == told([], [free])


def test_return_in_another_currency_is_not_set_off_against_the_sale():
    """Francs would be taken from euros, and both sums be wrong."""
    back = sale(3, line(net=-900, pieces=-1, returns=LineRef("sale-2", 1)), currency="CHF")
    assert [("web", 1000, "lead-of-customer"), ("store", -900, "return-alone")] == told(
        [cart()], [sale(2), back]
    )


def test_rule_of_the_day_counts_and_the_past_stays():
    """Agreeing on a new rule would pay the channels again for last month."""
    rules = [FIRST, CreditRule("none", "first", valid_from="2026-11-04", days=0)]
    sales = [sale(3), sale(5)]
    assert ["web", "store"] == [each[0] for each in told([cart(coffee=2)], sales, rules)]
    assert ["store"] == [each[0] for each in told([cart()], [sale(3)], rules=())]


def test_rule_may_leave_a_kind_of_lead_out_or_give_it_longer():
    """A quote is good for months, a wish list says little: one window fits neither."""
    rule = CreditRule("r", "first", days_of={"quote": 60, "wishlist": 0})
    assert "web" == told([cart(kind="quote")], [sale(20)], [rule])[0][0]
    assert "store" == told([cart(kind="wishlist")], [sale(2)], [rule])[0][0]


def test_merge_brings_a_lead_and_its_sale_together_and_its_undo_parts_them():
    """What one person did under two ids would never meet, or never part again."""
    sales = [sale(3, party_id=BOB)]
    assert "web" == told([cart()], sales, canonical={BOB: ADA})[0][0]
    assert "store" == told([cart()], sales)[0][0]


def test_lead_told_after_the_last_sale_stands_open():
    """A cart would be missing from the open ones until the next sale."""
    (lead,) = credit([cart(5)], [sale(2)], [FIRST]).leads
    assert ({"coffee": 1000}, False) == (lead.left, lead.converted)


def test_negative_quantities_asked_for_are_nothing():
    """A channel's bad data would make a lead ask for less than nothing."""
    odd = msgspec.structs.replace(cart(), items=(LeadItem("coffee", -1000),))
    assert [("store", 1000, "sold")] == told([odd], [sale(3)])
