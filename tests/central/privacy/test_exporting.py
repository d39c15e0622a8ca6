"""What a person is handed of their own data: everything, and nothing that is not theirs."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.consent.export import export_bytes
from agent.core.consent.rights import Kind
from agent.core.faults import InputFault, StateFault
from agent.core.identifiers import PartyId
from agent.core.leads import Lead, LeadItem
from agent.core.loyalty import Expiry, Programme
from agent.core.sale.model import Stamp
from agent.core.suggest import Insight, Profile, SuggestionAnswered, TopItem
from central.identity.parties import Origin, ensure
from central.identity.requests import open_requests
from central.leads.desk import Ending, Note, Task, close_task, keep_note, open_task
from central.leads.facts import keep_answer, keep_lead
from central.ledger.engine import reading, writing
from central.ledger.lead_tables import PROFILES
from central.ledger.tables import PERSON_READS
from central.ledger.value_tables import VALUE_POSTINGS
from central.privacy.page import export_page
from central.privacy.rights import RequestTold, Verified, change, exported, take_down
from central.privacy.settings import PrivacySettings
from central.value import programme
from tests.central.privacy.conftest import ADA, CARD, EMAIL, NAME, NOW

SETTINGS = PrivacySettings(name="Shop <& Sons>", address="Main Street 1", country="DE")
BOB = "01999999-0000-7000-8000-00000000b0b0"


@pytest.fixture
def document(ledger, ada):
    """Export Ada's data for a verified request of a kind."""

    def _document(kind="access"):
        told = RequestTold(kind=Kind(kind), request_id=f"q-{kind}", verified_by=("passport",))
        with writing(ledger) as conn:
            read = {"party_id": ada, "read_id": kind, "at": NOW, "reader": "staff"}
            conn.execute(PERSON_READS.insert().values(read | {"action": "card"}))
            take_down(conn, ada, told, NOW)
            return exported(conn, ada, told.request_id, SETTINGS, NOW)

    return _document


def _rows(document):
    return {table.section: table.rows for table in document.tables}


@pytest.mark.both_databases
def test_everything_that_is_held_is_handed_over(document):
    """The person would believe that the shop knows less than it does (GDPR, Article 15)."""
    rows = _rows(document())
    assert {NAME, EMAIL} <= {row["value"] for row in (*rows["names"], *rows["contact_points"])}
    assert [CARD] == [row["value"] for row in rows["identifiers"]]
    assert ["store-0001-till-1-aaaa-1"] == [row["receipt_no"] for row in rows["sales"]]
    assert ["Thing 1"] == [row["name"] for row in rows["sale_lines"]]
    assert ["W-1"] == [row["order_no"] for row in rows["orders"]]
    assert [("marketing", "refused")] == [(r["purpose"], r["state"]) for r in rows["consents"]]
    happened = {"sale.completed", "order.placed", "order.delivered"}
    assert happened == {row["type"] for row in rows["interactions"]}
    assert ["gold"] == [row["value"] for row in rows["profile"]]
    assert [("staff", "card", "1 times")] == [
        (row["role"], row["purpose"], row["what"]) for row in rows["reads"]
    ]
    assert ["access"] == [row["kind"] for row in rows["requests"]]
    assert "Shop <& Sons>" == document("portability").about.controller.party_name


@pytest.mark.both_databases
def test_carts_notes_tasks_and_points_are_handed_over(ledger, ada, document):
    """The person would not learn what was written of them, or how their points came about."""
    note = Note("n-1", PartyId(ada), "moved house", NOW, "service", "service")
    task = Task("t-1", PartyId(ada), "call back", NOW, "service")
    ending = Ending("t-1", PartyId(ada), "reached", NOW, "store-0001/till-1")
    cart = Lead("web/cart-1", "cart", "web", NOW, party_id=PartyId(ada), items=(LeadItem("tea"),))
    told = {"owner": ada, "unit": "points", "kind": "issued", "lease": "", "event": "sale-1"}
    source = {"source_event": "sale-1", "source_line": "0", "measure": 0, "at": NOW}
    with writing(ledger) as conn:
        keep_note(conn, note, "service", NOW)
        open_task(conn, task, "service", NOW)
        close_task(conn, ending, "store", NOW)
        keep_lead(conn, cart, "web/e-9")
        for line, amount in (("0", -30), ("1", 10)):
            row = told | source | {"line": line, "amount": amount}
            conn.execute(VALUE_POSTINGS.insert().values(row))
            conn.execute(VALUE_POSTINGS.insert().values(row | {"kind": "held", "amount": -amount}))
        programme.put(conn, Programme(expiry=Expiry(12)), NOW)
    handed = document()
    rows = _rows(handed)
    said = [("note", "moved house"), ("task", "call back"), ("done", "reached")]
    assert said == [(row["topic"], row["text"]) for row in rows["service"]]
    assert [("cart", "tea")] == [(row["kind"], row["about"]) for row in rows["leads"]]
    points = [(row["points"], row["balance"]) for row in rows["loyalty"] if row["at"]]
    assert [(30, 30), (-10, 20), (-20, None)] == points
    assert ("ends", "2027-11-") == (rows["loyalty"][-1]["kind"], rows["loyalty"][-1]["at"][:8])
    page = export_page(handed)
    assert [] == [text for _, text in said if text not in page]
    assert "service" not in _rows(document("portability"))


def test_portability_leaves_out_what_was_concluded(document):
    """A competitor would be handed the shop's own profile of the person (Article 20)."""
    sections = set(_rows(document("portability")))
    assert {"names", "sales"} <= sections
    assert not {"profile", "reads", "requests"} & sections


def test_the_same_data_gives_the_same_bytes(document):
    """Two exports could not be compared."""
    one = document()
    assert export_bytes(one) == export_bytes(one)
    assert ADA == msgspec.json.decode(export_bytes(one))["party_id"]


def test_the_page_says_it_readably_and_safely(document):
    """A name with a tag in it would run in the browser of whoever opens the page."""
    page = export_page(document())
    assert "Shop &lt;&amp; Sons&gt;" in page
    assert NAME in page
    assert "<script" not in page
    assert "Code" not in page.partition("</style>")[0]


def test_only_a_verified_request_of_this_person_is_answered(ledger, ada):
    """Anybody could have anybody's data handed over."""
    with writing(ledger) as conn:
        ensure(conn, BOB, Origin("store-0001/till-1", NOW))
        told = RequestTold(kind=Kind.ACCESS, request_id="q-1")
        take_down(conn, BOB, told, NOW)
        with pytest.raises(StateFault, match="nobody has checked"):
            exported(conn, BOB, "q-1", SETTINGS, NOW)
        change(conn, "q-1", Verified(("passport",)), NOW)
        with pytest.raises(InputFault, match="of somebody else"):
            exported(conn, ada, "q-1", SETTINGS, NOW)
        assert BOB == exported(conn, BOB, "q-1", SETTINGS, NOW).party_id


@pytest.mark.both_databases
def test_the_legal_clock_is_shown(ledger, ada):
    """A request would lie about until the authority asks."""
    with writing(ledger) as conn:
        for n, received in enumerate(("2026-09-30", "2026-10-30")):
            told = RequestTold(kind=Kind.ACCESS, request_id=f"q-{n}", received=received)
            take_down(conn, ada, told, NOW)
    with reading(ledger) as conn:
        found = [(each.due, each.late) for each in open_requests(conn, NOW[:10])]
    assert [("2026-10-30", True), ("2026-11-30", False)] == found


@pytest.mark.both_databases
def test_what_was_concluded_is_handed_over(ledger, ada, document):
    """The person would not learn of the profile by which they are suggested things (Article 15)."""
    top = (TopItem("tea", 3, 3000, "2026-11-01"),)
    kept = Profile(NOW[:10], "2026-10-01", "2026-11-01", 3, {"web": 3}, {"EUR": 1200}, top)
    row = {"party_id": ada, "as_of": NOW[:10], "body": msgspec.json.encode(Insight(kept))}
    no = SuggestionAnswered(ada, "cup", "wished", False, "s", "t", Stamp(NOW, 1, "boot"))
    with writing(ledger) as conn:
        conn.execute(PROFILES.insert().values(row))
        keep_answer(conn, no, "side/9")
    said = {row["what"]: row["value"] for row in _rows(document())["profile"]}
    assert {
        "purchases: web": 3,
        "spent, in minor units of EUR": 1200,
        "bought often: tea": 3,
        "suggestion: cup": "declined",
        "tier": "gold",
    }.items() <= said.items()
