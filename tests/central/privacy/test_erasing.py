"""Erasing a person: nothing of them stays that need not, and every replica says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import insert, select

from agent.core.consent import State
from agent.core.consent.retention import rules_of
from agent.core.consent.rights import Kind
from agent.core.entries.payments import AccountSeen
from agent.core.exchange.orders import SignedOrder
from agent.core.faults import StateFault
from agent.core.history import Strength
from agent.core.identifiers import PartyId
from agent.core.loyalty import Account, Posting
from agent.core.privacy import seal_account
from agent.core.prompts import Outcome, PromptEvent
from agent.core.recognition.means import Identifier, IdentifierType
from central.channels.intake import take
from central.feed.building import build
from central.feed.grants import seal
from central.feed.keeping import NoSnapshot, SnapshotKeeper, sweep
from central.feed.making import SnapshotFailed
from central.feed.sealing import Sealer
from central.histories import Applier, quarantine
from central.histories.unsealing import opening
from central.identity.attributes import observe
from central.identity.cards import card_of, publish_card
from central.identity.holding import hold as keep_identifiers
from central.identity.known_by import known_by
from central.identity.merges import Asked, Desk
from central.identity.parties import Origin, ensure, observed
from central.intake.orders import take_back
from central.intake.root_key import RootKey, master_of
from central.ledger.authority_tables import ORDER_RECEIPTS, SIGNED_ORDERS
from central.ledger.customer_tables import CHANNEL_EVENTS, ORDERS, PSEUDONYMS, SALES
from central.ledger.engine import let_go_of_log, reading, writing
from central.ledger.graph_tables import DECISIONS
from central.ledger.hq import orders_nothing
from central.ledger.key_tables import STRETCHES, forgotten
from central.ledger.metadata import METADATA
from central.ledger.outbox import GLOBAL, publish
from central.ledger.privacy_tables import ERASED_PARTIES, SUBJECT_REQUESTS
from central.ledger.tables import BODIES, CREDENTIALS
from central.ledger.value_tables import VALUE_FINDINGS
from central.privacy.consenting import AnswerGiven, MayI, answered, may_i
from central.privacy.prompting import said
from central.privacy.reviewing import due_reviews, review_due
from central.privacy.rights import (
    Excused,
    Held,
    RequestTold,
    erase,
    erasures,
    excuse,
    hold,
    lift_hold,
    proof_of,
    take_down,
)
from central.privacy.settings import PrivacySettings
from central.value.worklist import note_decided
from tests.central.privacy.conftest import ADA, CARD, EMAIL, NAME, NOW, PHONE

PAR = "5001ABCDEFGHIJKLMNOPQRSTUVWXY"
PRIVATE = bytes(range(32))
STORE = "store-0001"
SETTINGS = PrivacySettings(name="Shop", country="DE")
LATER = "2027-01-01T12:00:00.000Z"


@pytest.fixture
def request_id(ledger, ada):
    """A verified request of Ada's."""
    told = RequestTold(kind=Kind.ERASE, request_id="q-1", verified_by=("passport",))
    with writing(ledger) as conn:
        return take_down(conn, ada, told, NOW).request_id


@pytest.fixture
def erased(ledger, request_id, authority):
    """Carry the erasure out (again); gives the proof."""

    def _erased(now=NOW):
        with writing(ledger) as conn:
            return erase(conn, request_id, SETTINGS, authority, now).proof

    return _erased


def _everything(ledger):
    """Read every value of every table as one text."""
    with reading(ledger) as conn:
        tables = METADATA.tables.values()
        rows = [repr(tuple(row)) for table in tables for row in conn.execute(table.select())]
    return "\n".join(rows)


@pytest.mark.both_databases
def test_nothing_of_an_erased_person_is_found(ledger, erased):
    """A row somebody forgot would still name the person (P9)."""
    assert all(each in _everything(ledger) for each in (NAME, EMAIL, PHONE, CARD))
    erased()
    left = _everything(ledger)
    assert [] == [each for each in (NAME, EMAIL, PHONE, CARD) if each in left]


def test_no_byte_of_an_erased_person_stays_in_the_file(ledger, erased):
    """Deleted rows can be read from free pages with a hex editor."""
    file = Path(str(ledger.url.database))
    erased()
    let_go_of_log(ledger)
    content = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert len(content) > 10_000
    assert [] == [each for each in (NAME, EMAIL, PHONE, CARD) if each.encode() in content]


@pytest.mark.both_databases
def test_what_was_stretched_for_tills_goes_with_the_person(ledger, erased, ada, root, rows):
    """Whoever has HQ's key could try numbers against what is left of an erased person."""
    master = master_of(root)
    sealer = Sealer(ledger, master)
    with writing(ledger) as conn:
        observe(conn, ada, {"postcode": "10115"}, Origin("import", NOW), Strength.RECORD)
        publish_card(conn, PartyId(ada))
    sealer.page(GLOBAL, "", 100)
    with reading(ledger) as conn:
        names = {master.fingerprint(each) for each in known_by(conn, [ada])}
        mark = forgotten(conn)
    assert (4, names) == (len(names), {row["fingerprint"] for row in rows(STRETCHES)})
    erased()
    assert [] == rows(STRETCHES)
    # Whoever had read the person before would bring a stretch back.
    sealer.prepare([Identifier(IdentifierType.PHONE, PHONE)], mark)
    assert [] == rows(STRETCHES)


@pytest.mark.both_databases
def test_no_snapshot_holds_an_erased_person(ledger, erased, ada, root, tmp_path):
    """A new till would be given the sealed card, and HQ's disk keep it for a day."""
    keeper = SnapshotKeeper(
        ledger, tmp_path, root.sign, master_of(root), lambda: NOW, rows_min=1, ended=lambda: None
    )
    keeper._maker._build = lambda order: build(ledger, order)
    keeper.look()
    made = keeper._maker._build
    (name,) = [each.name for each in keeper.folder.iterdir() if each.is_dir()]
    (keeper.folder / "making-another").mkdir()
    erased()
    with pytest.raises(NoSnapshot):
        keeper.chunk(GLOBAL, name, 0)
    sweep(ledger, keeper.folder)
    assert ["making-another"] == [each.name for each in keeper.folder.iterdir() if each.is_dir()]

    def late(order):
        done = made(order)
        with writing(ledger) as conn:
            publish(conn, GLOBAL, f"party:{ada}", "erase", b"null")
        return done

    keeper._maker._build = late
    with pytest.raises(SnapshotFailed, match="was erased while"):
        keeper._maker.make(GLOBAL, keeper.holder)
    keeper._maker._build = made
    keeper.look()
    left = [each.name for each in keeper.folder.iterdir() if each.is_dir()]
    assert (2, []) == (len(left), [each for each in left if each.startswith("making")])
    keeper.stop()


@pytest.mark.parametrize(
    ("party", "is_hers"),
    [
        (f'{{"email":"{EMAIL.upper()}"}}', True),
        ('{"phone":"0170 / 123 45-67"}', True),
        ('{"phone":"+49 (170) 1234567"}', True),
        ('"Ada \\u004covelace, by the river"', True),
        (f'"{ADA}"', True),
        (f'{{"note":"card {CARD}"}}', True),
        ('{"email":"grace@example.com","phone":"0170 1234568","name":"Grace"}', False),
    ],
)
def test_what_a_channel_told_in_vain_is_looked_through(ledger, erased, ada, rows, party, is_hers):
    """An event nobody could use would keep the address for good, since it names no party."""
    unfit = f'{{"event_id":"e-9","type":"order.placed","occurred_at":1,"party":{party}}}'
    broken = f'{{"event_id":"e-8","party":{party}'
    with writing(ledger) as conn:
        told = take(conn, "web", [unfit.encode(), broken.encode()], NOW, lambda: ada)
    assert ["quarantined"] * 2 == [each.outcome for each in told]
    erased()
    left = [row["body"] for row in rows(CHANNEL_EVENTS) if row["outcome"] == "quarantined"]
    held = {b'{"event_id":"e-9"}'} if is_hers else {unfit.encode()}
    assert held <= set(left)
    assert (2, is_hers) == (len(left), not any(broken.encode() == each for each in left))


@pytest.mark.both_databases
def test_the_books_stay_and_nothing_in_them_leads_to_the_person(erased, rows):
    """The tax office would miss a sale, or the sale still tell whose it was."""
    proof = erased()
    assert ["sale-1"] == [row["sale_id"] for row in rows(SALES)]
    assert [] == rows(PSEUDONYMS)
    assert [None] == [row["party_id"] for row in rows(ORDERS)]
    assert [("accepted", None)] * 2 == [
        (row["outcome"], row["party_id"]) for row in rows(CHANNEL_EVENTS)
    ]
    kept = {each.data_class.value: each for each in proof.kept}
    assert {"sale", "consent", "request"} <= set(kept)
    assert "2029-12-31" == kept["consent"].until
    assert all(each.law and each.reason for each in proof.kept)
    assert () == proof.unclear


@pytest.mark.both_databases
def test_the_text_of_the_tills_entries_goes_by_a_signed_order(erased, rows):
    """The person would still stand in HQ's copy of the journal, or at the till."""
    erased()
    left = {(row["journal_id"], row["seq"]) for row in rows(BODIES)}
    assert {("sales", 1)} == left
    scopes = sorted(row["scope"] for row in rows(SIGNED_ORDERS))
    assert ["global", "store:store-0001"] == scopes


def test_every_till_forgets_the_card(ledger, erased, feed):
    """The next scan of the card would still greet the person by name."""
    erased()
    assert "erase" == feed()["global", f"party:{ADA}"][0]
    with reading(ledger) as conn:
        assert "" == card_of(conn, ADA).name


@pytest.mark.both_databases
def test_the_proof_waits_for_every_till_and_channel(ledger, erased, request_id, authority, rows):
    """An erasure would count as done while a till that is away still has the person."""
    with writing(ledger) as conn:
        conn.execute(insert(CREDENTIALS).values(_credential(conn)))
    proof = erased()
    states = {each.replica_id: each.state.value for each in proof.replicas}
    assert {"hq": "done", "store-0001/till-1": "pending", "web": "pending"} == states
    assert (False, "2026-12-02", False) == (proof.complete, proof.due, proof.late)
    # What a server does with deleted rows is not HQ's to promise.
    (own,) = (each for each in proof.replicas if each.replica_id == "hq")
    assert ("postgresql" == ledger.dialect.name) == ("VACUUM FULL" in own.note)
    for row in rows(SIGNED_ORDERS):
        receipt = {"order_id": row["order_id"], "store": "store-0001", "till": "till-1"}
        with writing(ledger) as conn:
            more = {"outcome": "done", "received_at": NOW}
            conn.execute(insert(ORDER_RECEIPTS).values(receipt | more))
    with writing(ledger) as conn:
        excuse(conn, request_id, Excused("web", "told by hand, ticket 7", "eva"), NOW)
        shown = proof_of(conn, request_id, authority, LATER)
        (line,) = erasures(conn, LATER)
    assert shown.proof.complete
    assert (True, ()) == (line.complete, line.open)
    assert 128 == len(shown.signature)


def _credential(conn):
    held = {"keyid": "key", "device_key": "00" * 32}
    more = {column.name: "" for column in CREDENTIALS.c if not column.nullable}
    kinds = {
        column.name: column.type.python_type for column in CREDENTIALS.c if column.name in more
    }
    del conn
    return {name: kinds[name]() for name in more} | held


def test_a_stranger_erases_nobody(ledger, ada, authority):
    """Anybody could have anybody's data deleted."""
    with writing(ledger) as conn:
        told = RequestTold(kind=Kind.ERASE, request_id="q-2")
        asked = take_down(conn, ada, told, NOW)
        with pytest.raises(StateFault, match="nobody has checked"):
            erase(conn, asked.request_id, SETTINGS, authority, NOW)
    assert NAME in _everything(ledger)


@pytest.mark.both_databases
def test_what_a_till_brings_late_goes_with_the_next_look(ledger, erased, receive, told, rows):
    """A till that was away would bring the person back."""
    erased()
    receive("side", told.enrolled(ADA, name=NAME, email=EMAIL), told.tie(2, ADA))
    receive("sales", told.sale(2, ref="ref-2"))
    Applier(ledger, lambda: LATER).apply_pending()
    with reading(ledger) as conn:
        assert "" == card_of(conn, ADA).name
    erased(LATER)
    left = _everything(ledger)
    assert [] == [each for each in (NAME, EMAIL) if each in left]
    assert {("sales", 1), ("sales", 2)} == {(r["journal_id"], r["seq"]) for r in rows(BODIES)}


@pytest.mark.both_databases
def test_the_account_they_paid_from_goes_too(ledger, ada, receive, told, rows, erased):
    """An erased customer would be known again by the card in their hand."""

    def paid(n):
        sealed = seal_account(seal, PAR, public, f"sale-{n}")
        receive("side", AccountSeen(ada, f"sale-{n}", STORE, "till-1", told.at(n), 1, sealed))
        Applier(ledger, lambda: NOW, open_body=opening(PRIVATE)).apply_pending()

    public = X25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
    paid(1)
    assert PAR in _everything(ledger)
    erased()
    assert PAR not in _everything(ledger)
    paid(2)
    assert PAR not in _everything(ledger)
    erased(LATER)
    assert {"sales"} == {row["journal_id"] for row in rows(BODIES)}


def test_a_dispute_keeps_everything_until_it_ends(ledger, ada, erased):
    """Evidence would be gone before the court has seen it."""
    with writing(ledger) as conn:
        hold(conn, ada, Held("claim 12 of 2026", "eva"), NOW)
    proof = erased()
    assert NAME in _everything(ledger)
    assert {"claim 12 of 2026"} <= {each.reason for each in proof.kept}
    with writing(ledger) as conn:
        lift_hold(conn, ada, NOW)
    erased()
    assert NAME not in _everything(ledger)


def test_a_no_to_marketing_outlives_the_person(ledger, erased, authority, told, receive):
    """Who enrols again would be written to, though the address once said no."""
    erased()
    new = "01999999-0000-7000-8000-00000000ada1"
    receive("side", told.enrolled(new, name="A. Byron", email=EMAIL, consents=()))
    Applier(ledger, lambda: LATER).apply_pending()
    with reading(ledger) as conn:
        asking = MayI(purpose="marketing", contact="email", party_id=new)
        verdict = may_i(conn, asking, LATER[:10], authority.token).verdict
    assert (False, "objected") == (verdict.allowed, verdict.state)


def test_an_hq_put_back_erases_again_when_the_order_comes_back(ledger, ada, authority, tmp_path):
    """A backup would bring the person back for good (P5)."""
    root = RootKey.open(tmp_path / "root.key")
    with writing(ledger) as conn:
        told = RequestTold(kind=Kind.ERASE, request_id="q-1", verified_by=("passport",))
        take_down(conn, ada, told, NOW)
        nested = conn.begin_nested()
        erase(conn, "q-1", SETTINGS, authority, NOW)
        orders = [
            SignedOrder(row.text, row.signature)
            for row in conn.execute(SIGNED_ORDERS.select()).all()
        ]
        nested.rollback()
    assert NAME in _everything(ledger)
    with writing(ledger) as conn:
        for signed in orders:
            take_back(conn, signed, "store-0001", "till-1", "done", root=root, now=NOW)
    left = _everything(ledger)
    assert [] == [each for each in (NAME, EMAIL, PHONE, CARD) if each in left]
    with reading(ledger) as conn:
        assert [ADA] == list(conn.execute(ERASED_PARTIES.select()).scalars())


def test_every_class_of_data_has_a_rule():
    """Something nobody has decided about would neither go nor rightly stay."""
    assert rules_of("DE").keys() == rules_of("XX").keys()


@pytest.mark.both_databases
def test_erasures_are_looked_at_again_by_themselves(ledger, erased, authority, receive, told):
    """What a till brings late would stand in HQ's copy of its journal until somebody looks."""
    erased()
    assert 0 == review_due(ledger, SETTINGS, authority, LATER)
    receive("side", told.enrolled(ADA, name=NAME, email=EMAIL))
    Applier(ledger, lambda: LATER).apply_pending()
    assert NAME in _bodies(ledger)
    assert 1 == review_due(ledger, SETTINGS, authority, LATER)
    assert NAME not in _bodies(ledger)
    assert 0 == review_due(ledger, SETTINGS, authority, LATER)
    with reading(ledger) as conn:
        assert ["q-1"] == due_reviews(conn, "2030-01-01")


def _bodies(ledger):
    with reading(ledger) as conn:
        return repr([bytes(body) for body in conn.execute(select(BODIES.c.body)).scalars()])


@pytest.mark.both_databases
def test_who_closed_an_account_is_asked_about_and_not_erased(ledger, ada, rows):
    """A web store's click would erase somebody without a word, or nobody would hear of it."""
    told = '{"event_id":"e-7","type":"party.left","occurred_at":"2026-11-01T10:00:00Z","party":%s}'
    known, stranger = (
        (told % party).encode()
        for party in (f'{{"email":"{EMAIL}"}}', '{"email":"nobody@example.com","name":"N"}')
    )
    with writing(ledger) as conn:
        outcomes = take(conn, "web", [known, known, stranger.replace(b"e-7", b"e-6")], NOW, str)
    assert ["accepted", "duplicate", "accepted"] == [each.outcome for each in outcomes]
    (request,) = rows(SUBJECT_REQUESTS)
    assert (ada, "erase", "2026-12-01") == tuple(request[k] for k in ("party_id", "kind", "due"))
    assert request["answered_at"] is None
    assert NAME in _everything(ledger)


@pytest.mark.both_databases
def test_a_request_of_somebody_else_erases_nobody(ledger, request_id):
    """An id that was used twice would erase another person than the one staff has looked at."""
    told = RequestTold(kind=Kind.ERASE, request_id=request_id, verified_by=("passport",))
    with writing(ledger) as conn:
        ensure(conn, "bob", Origin("import", NOW))
        with pytest.raises(StateFault) as found:
            take_down(conn, "bob", told, NOW)
    assert "request-id-taken" == found.value.name


def test_a_request_of_another_kind_is_not_lost_under_a_used_id(ledger, request_id):
    """Somebody would wait a month for their data, and nobody know that they asked for it."""
    told = RequestTold(kind=Kind.ACCESS, request_id=request_id)
    with writing(ledger) as conn, pytest.raises(StateFault) as found:
        take_down(conn, ADA, told, NOW)
    assert "request-id-taken" == found.value.name


@pytest.mark.both_databases
def test_a_dispute_ends_under_any_id_of_the_person(ledger, erased, ada):
    """Data would stay for a dispute that is over, since it was noted under another of their ids."""
    card = [Identifier(IdentifierType.LOYALTY_CARD, CARD)]
    with writing(ledger) as conn:
        for party_id in (ada, "other"):
            ensure(conn, party_id, Origin("import", NOW))
            keep_identifiers(conn, party_id, card, Origin("import", NOW))
        hold(conn, "other", Held(reason="lawsuit", actor="eva"), NOW)
        lift_hold(conn, ada, NOW)
    erased()
    assert not any(each in _everything(ledger) for each in (NAME, EMAIL, CARD))


def _of_web(number, kind="order.changed", order="W-1", party=ADA, email=EMAIL):
    told = f'"party":{{"party_id":"{party}","name":"{NAME}","email":"{email}"}}' if party else ""
    what = f'"order":{{"order_no":"{order}","lines":[{{"name":"Tea","amount":399}}]}}'
    told = f"{told},{what}" if told else what
    at = '"occurred_at":"2026-11-03T10:00:00Z"'
    return f'{{"event_id":"l-{number}","type":"{kind}",{at},{told}}}'.encode()


@pytest.mark.both_databases
def test_what_a_channel_tells_again_of_an_erased_person_is_not_kept(ledger, erased):
    """A web store that has not heard of it would bring name and address back for good (P9)."""
    erased()
    with writing(ledger) as conn:
        (outcome,) = take(conn, "web", [_of_web(1)], LATER, lambda: "new")
    assert ("accepted", ADA) == (outcome.outcome, outcome.party_id)
    left = _everything(ledger)
    assert [] == [each for each in (NAME, EMAIL) if each in left]


@pytest.mark.both_databases
def test_a_piece_that_came_back_goes_with_the_next_look(ledger, erased):
    """The same field of the same source counted as erased, whatever stood in it by then."""
    erased()
    with writing(ledger) as conn:
        observe(conn, ADA, {"name": NAME}, Origin("web", NOW, "web/l-2"))
        observe(conn, ADA, {"name": NAME}, Origin("store-0001/till-1", NOW))
    erased(LATER)
    assert NAME not in _everything(ledger)


@pytest.mark.both_databases
def test_an_order_under_way_lets_go_of_an_erased_person_once_it_is_over(
    ledger, ada, request_id, authority, rows
):
    """What was kept only until the goods were handed over would name the buyer for ever."""
    with writing(ledger) as conn:
        take(conn, "web", [_of_web(1, "order.placed", "W-2")], NOW, lambda: "new")
        erase(conn, request_id, SETTINGS, authority, NOW)
    owed = {row["order_no"]: row["party_id"] for row in rows(ORDERS)}
    assert {"W-1": None, "W-2": ada} == owed
    assert 0 == review_due(ledger, SETTINGS, authority, NOW)
    with writing(ledger) as conn:
        take(conn, "web", [_of_web(2, "order.delivered", "W-2", "")], LATER, lambda: "new")
    assert 1 == review_due(ledger, SETTINGS, authority, LATER)
    assert {None} == {row["party_id"] for row in rows(ORDERS)}
    assert 0 == review_due(ledger, SETTINGS, authority, LATER)
    assert ada not in repr([row["party_id"] for row in rows(CHANNEL_EVENTS)])


def test_staff_write_nothing_more_of_an_erased_person(ledger, erased):
    """A note, a pass or an answer would begin a record that nobody ever looks at again (P9)."""
    erased()
    said_now = PromptEvent("e-1", "size", ADA, Outcome.ANSWERED, NOW[:10], NOW, "web", value="XL")
    writes = (
        lambda conn: observed(conn, ADA),
        lambda conn: said(conn, ADA, said_now, NOW),
        lambda conn: answered(conn, ADA, AnswerGiven("marketing", State.GIVEN), NOW),
    )
    before = _everything(ledger)
    for write in writes:
        with writing(ledger) as conn, pytest.raises(StateFault) as found:
            write(conn)
        assert "party-erased" == found.value.name
    assert before == _everything(ledger)


@pytest.mark.both_databases
def test_why_it_was_decided_goes_with_the_person(ledger, ada, erased, rows):
    """A reason staff typed would name the person for good, in a list that everybody reads (P9)."""
    reason = f"{NAME} showed her passport"
    asked = Asked("eva", reason, "m-1")
    posting = Posting(Account(ada, "points", "issued", ""), "booking/b-1", "0", -5, None, 0)
    with writing(ledger) as conn:
        ensure(conn, "p-9", Origin("import", NOW))
        desk = Desk(conn, NOW, orders_nothing)
        desk.merge([ada, "p-9"], asked)
        desk.undo("m-1", Asked("eva", reason, "u-1"))
        note_decided(conn, "booking/b-1", posting, by="eva", reason=reason, now=NOW)
    erased()
    assert NAME not in _everything(ledger)
    [decision] = rows(DECISIONS)
    assert ("eva", "u-1") == (decision["actor"], decision["undo_id"])
    assert ["eva"] == [row["settled_by"] for row in rows(VALUE_FINDINGS)]


@pytest.mark.both_databases
def test_an_entry_that_was_set_aside_goes_with_the_person_it_speaks_of(
    ledger, ada, request_id, authority, receive, told
):
    """What nobody could use would stay readable in HQ's copy of the journal for good (P9)."""
    receive("side", told.enrolled(ada, name="?!", email="lovelace@example.org"))
    Applier(ledger, lambda: NOW).apply_pending()
    assert "lovelace@example.org" in _bodies(ledger)
    with writing(ledger) as conn:
        assert 1 == quarantine.count(conn)
        erase(conn, request_id, SETTINGS, authority, NOW)
    assert "lovelace@example.org" not in _bodies(ledger)
