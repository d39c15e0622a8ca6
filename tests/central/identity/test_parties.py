"""Ids, identifiers and what is known of a person: found again, and with who said it."""

from __future__ import annotations

import hashlib

import pytest

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import NotFoundFault
from agent.core.history import Interaction, Strength
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence
from central.identity.attributes import attributes_of, consent, consents_of, folded, observe
from central.identity.cards import card_of, publish_card, reached
from central.identity.holding import find, hold, hold_told
from central.identity.interactions import interactions_of, mark, record
from central.identity.parties import PROVISIONAL, Origin, canonical, ensure, identifiers_of
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import writing

TILL = Origin("store-0001/till-1", "2026-11-01T00:00:00.000Z")
WEB = Origin("web", "2026-11-02T00:00:00.000Z")
IMPORT = Origin("import", "2026-11-03T00:00:00.000Z")
PHONE = Identifier(IdentifierType.PHONE, "+491713920001")
EMAIL = Identifier(IdentifierType.EMAIL, "ada@example.com")


@pytest.fixture
def conn(ledger):
    with writing(ledger) as conn:
        yield conn


def test_every_id_resolves_and_an_unknown_one_says_so(conn):
    """A link to a customer would lead nowhere, or to a stack trace."""
    ensure(conn, "p-1", TILL)
    assert canonical(conn, "p-1") == "p-1"
    with pytest.raises(NotFoundFault, match="no party has the id 'p-2'"):
        canonical(conn, "p-2")


@pytest.mark.both_databases
def test_party_is_made_once_and_keeps_its_origin(conn):
    """The second event about a person would rewrite where they were met."""
    assert ensure(conn, "p-1", TILL, state=PROVISIONAL)
    assert not ensure(conn, "p-1", WEB, state=PROVISIONAL)
    assert conn.execute(PARTIES.select()).one().state == PROVISIONAL
    assert not ensure(conn, "p-1", WEB)
    row = conn.execute(PARTIES.select()).one()
    assert (row.state, row.origin, row.created_at) == ("active", *TILL[:2])


def test_first_identifier_that_names_somebody_decides(conn):
    """A weak phone number would win over the card that was shown."""
    ensure(conn, "p-1", TILL)
    ensure(conn, "p-2", TILL)
    hold(conn, "p-1", [PHONE], TILL)
    hold(conn, "p-2", [EMAIL], TILL)
    assert find(conn, [EMAIL, PHONE]) == "p-2"
    assert find(conn, [Identifier(IdentifierType.PHONE, "+491"), PHONE]) == "p-1"
    assert find(conn, []) is None


def test_identifier_of_several_finds_the_same_one_everywhere(conn):
    """Which of two namesakes is found would depend on which row came first."""
    ids = ["p-1", "p-2", "p-3"]
    for party_id in ids:
        hold(conn, party_id, [PHONE], TILL)
    assert find(conn, [PHONE]) == min(ids, key=lambda each: hashlib.sha256(each.encode()).digest())


def test_who_named_an_identifier_first_stays_and_the_most_that_was_shown_counts(conn):
    """Nobody could say where a number came from, or a proof of it would be forgotten."""
    hold(conn, "p-1", [PHONE], TILL)
    hold(conn, "p-1", [PHONE], WEB, Evidence.VERIFIED)
    hold(conn, "p-1", [PHONE], IMPORT)
    [held] = identifiers_of(conn, "p-1")
    assert (held.source, held.event, held.evidence) == (TILL.source, "web", Evidence.VERIFIED)


def test_identifier_is_not_taken_from_somebody(conn):
    """An import would let one customer be found as another."""
    ensure(conn, "p-1", TILL)
    ensure(conn, "p-2", TILL)
    hold(conn, "p-1", [PHONE], TILL)
    assert hold_told(conn, "p-2", [PHONE, EMAIL], IMPORT) == [PHONE]
    assert hold_told(conn, "p-1", [PHONE], IMPORT) == []
    assert find(conn, [PHONE]) == "p-1"
    assert [held.evidence for held in identifiers_of(conn, "p-2")] == ["observed", "candidate"]
    assert [held.source for held in identifiers_of(conn, "p-1")] == ["store-0001/till-1"]


@pytest.mark.both_databases
def test_a_number_the_whole_town_has_finds_nobody(conn):
    """A web order with the shop's own number would land in a stranger's history."""
    for n in range(7):
        ensure(conn, f"p-{n}", TILL)
        hold(conn, f"p-{n}", [PHONE], TILL)
    assert find(conn, [PHONE]) is None
    hold(conn, "p-4", [PHONE], WEB, Evidence.VERIFIED)
    assert find(conn, [PHONE]) == "p-4"


def test_customers_word_outweighs_a_record(conn):
    """The nightly import would undo what the customer said at the till."""
    observe(conn, "p-1", {"name": "A. Lovelace", "tier": "Gold"}, IMPORT, Strength.RECORD)
    observe(conn, "p-1", {"name": "Ada Lovelace"}, TILL)
    observe(conn, "p-1", {"name": "A Lovelace", "tier": "Silver"}, IMPORT, Strength.RECORD)
    fields = attributes_of(conn, "p-1")
    assert (fields["name"].value, fields["name"].source) == ("Ada Lovelace", "store-0001/till-1")
    assert fields["tier"].value == "Silver"


def test_newest_word_of_equal_sources_holds_and_nothing_is_said_by_silence(conn):
    """A form sent half empty would wipe the address, or an old name would come back."""
    observe(conn, "p-1", {"name": "Ada", "postcode": "10115"}, TILL)
    observe(conn, "p-1", {"name": "Ada L.", "postcode": " ", "phone": None}, WEB)
    observe(conn, "p-1", {"postcode": ""}, WEB)
    fields = attributes_of(conn, "p-1")
    assert {name: seen.value for name, seen in fields.items()} == {
        "name": "Ada L.",
        "postcode": "10115",
    }


def test_last_answer_holds_and_all_are_kept(conn):
    """Somebody who said no would be written to, or nobody could show when they said yes."""
    yes = ConsentGiven("marketing", "email", given=True)
    no = ConsentGiven("marketing", "email", given=False)
    for answer in (yes, yes, no):
        consent(conn, "p-1", [answer], TILL)
    assert consents_of(conn, "p-1") == (no,)
    consent(conn, "p-1", [yes], WEB)
    assert consents_of(conn, "p-1") == (yes,)
    assert conn.exec_driver_sql("SELECT count(*) FROM consent").scalar_one() == 3


@pytest.mark.usefixtures("ledger")
def test_card_counts_its_versions(conn):
    """A till could not tell an older card from a newer one."""
    ensure(conn, "p-1", TILL)
    observe(conn, "p-1", {"name": "Ada", "tier": "Gold", "points": "12"}, IMPORT)
    versions = []
    for _ in range(2):
        publish_card(conn, "p-1")
        versions.append(card_of(conn, "p-1").ver)
    card = card_of(conn, "p-1")
    assert (versions, card.name, card.tier, card.points) == ([1, 2], "Ada", "Gold", 12)


def test_reach_never_goes_back(conn):
    """A retried entry would make tills show a sale twice."""
    ensure(conn, "p-1", TILL)
    for seq in (3, 5, 4):
        reached(conn, "p-1", "j", seq)
    assert card_of(conn, "p-1").through == {"j": 5}


@pytest.mark.both_databases
def test_history_is_read_in_pages_without_gap_or_double(conn):
    """Events of the same minute would be lost between two pages."""
    for n in range(7):
        told = Interaction(f"e-{n}", "t", "web", "w", f"2026-11-0{n // 3 + 1}", "x", "r")
        assert record(conn, "p-1", told, "now")
        assert not record(conn, "p-1", told, "now")
    seen, before = [], None
    while page := interactions_of(conn, "p-1", limit=2, before=before):
        seen += [each.event_id for each in page]
        before = mark(page[-1])
    assert seen == [f"e-{n}" for n in (6, 5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("text", "plain"), [("Zoë KRÜGER", "zoe kruger"), (" Straße  9 ", "strasse 9"), ("", "")]
)
def test_names_are_compared_without_accents_and_case(text, plain):
    """A cashier without the right keys would not find the customer."""
    assert folded(text) == plain
