"""What is held of an erased person's leads, buying and answers: nothing that names them stays."""

from __future__ import annotations

import pytest

from agent.core.consent.retention import DataClass
from agent.core.entries.bodies import ConsentGiven
from agent.core.leads import Lead, LeadItem, LeadTold
from agent.core.suggest import WISHED, SuggestionAnswered
from central.identity.held import holdings_of, take_out
from central.leads.report import Span, lead_report
from central.ledger.engine import reading, writing
from central.ledger.lead_tables import LEAD_TABLES

ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
YES = (ConsentGiven("profiling", "any", True),)
CART = Lead(
    "web/cart-1",
    "cart",
    "web",
    "2026-11-01T20:00:00.000Z",
    party_id=ADA,
    items=(LeadItem("pen", 1000),),
)


def named(ledger):
    """Name the tables in which the person is found."""
    with reading(ledger) as conn:
        return [
            table.name for table in LEAD_TABLES if ADA in str(conn.execute(table.select()).all())
        ]


@pytest.mark.both_databases
def test_nothing_names_an_erased_person_and_credits_stand(apply, told, ledger):
    """A cart, a profile or an answer somebody forgot would still name the person (P9)."""
    no = SuggestionAnswered(ADA, "cup", WISHED, False, "store-0001", "till-1", told.at(3))
    cart = LeadTold("store-0001", "till-1", told.at(0), CART)
    apply(SIDE_J, told.enrolled(ADA, consents=YES), cart, told.tie(1, ADA), no)
    apply(SALES_J, told.sale(1, lines=(told.line(1, price=119, item_id="pen"),), ref="ref-1"))
    assert ["lead", "lead_standing", "profile", "suggestion_answer"] == named(ledger)
    with reading(ledger) as conn:
        before = lead_report(conn, Span())
    with writing(ledger) as conn:
        wanted = (DataClass.LEAD, DataClass.PROFILE, DataClass.NOTE, DataClass.HISTORY)
        take_out(conn, [each for each in holdings_of(conn, [ADA]) if each.data_class in wanted])
    assert [] == named(ledger)
    with reading(ledger) as conn:
        assert (before, 100) == (lead_report(conn, Span()), before.channels[1].credited)


def test_entry_of_a_lead_is_known_to_be_of_its_customer(told):
    """The text of a lead told at a till would stay in HQ's ledger after an erasure."""
    assert ADA == LeadTold("store-0001", "till-1", told.at(0), CART).party_id
