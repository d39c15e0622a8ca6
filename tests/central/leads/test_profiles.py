"""Profiles: made of purchases by the customer's yes alone, on the card, and gone with the yes."""

from __future__ import annotations

import pytest

from agent.core.consent import ConsentRecord, State
from agent.core.entries.bodies import ConsentGiven
from agent.core.leads import Lead, LeadItem, LeadTold
from agent.core.suggest import DUE_AGAIN, SuggestionAnswered
from central.histories.sold import sale_named
from central.identity.cards import card_of
from central.leads.keeping import LeadKeeper
from central.ledger.due import PARTY, note_due
from central.ledger.engine import reading, writing
from central.ledger.lead_tables import PROFILES

ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
YES = (ConsentGiven("profiling", "any", True),)


def bought(told, *days):
    """A pen on each of these days."""
    return [
        told.sale(n, lines=(told.line(1, item_id="pen"),), ref=f"ref-{n}", date=day)
        for n, day in enumerate(days, 1)
    ]


def insight(ledger):
    with reading(ledger) as conn:
        return card_of(conn, ADA).insight


@pytest.mark.both_databases
def test_profile_is_made_by_a_yes_and_goes_with_it(apply, told, ledger, rows):
    """A customer's habits would be kept, and sent to every till, after they had said no."""
    days = ("2026-10-01", "2026-10-15", "2026-10-29")
    ties = [told.tie(n, ADA) for n in (1, 2, 3)]
    apply(SIDE_J, told.enrolled(ADA), *ties)
    apply(SALES_J, *bought(told, *days))
    assert [] == rows(PROFILES)
    apply(SIDE_J, told.enrolled(ADA, consents=YES))
    found = insight(ledger).profile
    [top] = found.top
    assert (3, ("pen", 3, 14), {"store": 3}) == (
        found.days,
        (top.item, top.visits, top.every_days),
        found.visits,
    )
    no = ConsentRecord("r-1", ADA, "profiling", State.WITHDRAWN, "2026-11-02T11:00:00.000Z")
    apply(SIDE_J, no)
    assert ([], None) == (rows(PROFILES), insight(ledger))


def test_tills_are_told_only_when_it_says_something_else(apply, told, ledger, keeper, feed):
    """Each night every card would be sent to every till again."""
    apply(SIDE_J, told.enrolled(ADA, consents=YES), told.tie(1, ADA))
    apply(SALES_J, *bought(told, "2026-10-01"))
    before = feed()
    with writing(ledger) as conn:
        note_due(conn, PARTY, [ADA])
    assert (1, before) == (keeper.work_all(), feed())


def test_open_carts_and_noes_are_on_the_card(apply, told, ledger):
    """A till without a line to HQ would not know of the cart, or ask again what was refused."""
    cart = Lead(
        "web/cart-1",
        "cart",
        "web",
        "2026-11-01T20:00:00.000Z",
        party_id=ADA,
        items=(LeadItem("ink", 1000), LeadItem("pen", 1000)),
        owner="eva",
    )
    no = SuggestionAnswered(ADA, "cup", DUE_AGAIN, False, "store-0001", "till-1", told.at(3))
    apply(
        SIDE_J,
        told.enrolled(ADA, consents=YES),
        LeadTold("store-0001", "till-1", told.at(0), cart),
        told.tie(1, ADA),
        no,
    )
    apply(SALES_J, *bought(told, "2026-11-02"))
    found = insight(ledger)
    [wished] = found.wished
    assert ({"ink": 1000}, None, None, ("cup",)) == (
        wished.left,
        wished.told.owner,
        wished.told.party_id,
        found.declined,
    )


@pytest.mark.both_databases
def test_profile_ends_with_a_yes_that_was_given_for_a_time(apply, told, ledger, rows):
    """Habits would be kept, and lie at every till, for as long as the customer stays away (P9)."""
    yes = ConsentRecord(
        "r-1", ADA, "profiling", State.GIVEN, "2026-11-01T11:00:00.000Z", valid_until="2026-11-05"
    )
    apply(SIDE_J, told.enrolled(ADA), yes, told.tie(1, ADA))
    apply(SALES_J, *bought(told, "2026-10-01"))
    clock, kept = {}, []
    keeper = LeadKeeper(ledger, sale_named, lambda: f"{clock['day']}T12:00:00.000Z")
    for clock["day"] in ("2026-11-05", "2026-11-06"):
        for _ in range(3):  # A slice of persons, the end of them, and nothing more.
            keeper.work_all()
        kept.append(len(rows(PROFILES)))
    assert [1, 0] == kept
    assert insight(ledger) is None
