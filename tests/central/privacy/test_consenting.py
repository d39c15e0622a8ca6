"""What may be done with a person's data: one answer for all channels, whoever wrote it down."""

from __future__ import annotations

import json
import statistics
import time

import pytest

from agent.core.consent import ConsentRecord, State
from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import NotFoundFault, StateFault
from agent.core.history import Pass
from agent.core.history.graph import PartyEdge, Retraction, Tie
from agent.core.history.graph_links import Doubt
from agent.core.recognition.means import Identifier, IdentifierType
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.histories import Applier
from central.identity.attributes import consent
from central.identity.blocks import block
from central.identity.cards import card_of
from central.identity.graph import say, take_back
from central.identity.holding import hold
from central.identity.merges import Asked, Desk
from central.identity.parties import Origin, canonical, ensure
from central.identity.questions import queue
from central.identity.wallets import end_pass, keep_pass
from central.ledger.engine import reading, writing
from central.ledger.hq import orders_nothing
from central.ledger.privacy_tables import CONSENT_RECORDS
from central.privacy.consenting import AnswerGiven, MayI, answered, consents_view, may_i

NOW = "2026-11-02T12:00:00.000Z"
TODAY = NOW[:10]
ANN = "01999999-0000-7000-8000-00000000a001"
BEA = "01999999-0000-7000-8000-00000000b001"
MARKETING = MayI(purpose="marketing", contact="email")


@pytest.fixture
def asked(ledger, authority):
    """Ask whether e-mails may be sent to somebody; gives the verdict."""

    def _asked(party_id, question=MARKETING):
        asking = MayI(question.purpose, question.contact, question.point, party_id=party_id)
        with reading(ledger) as conn:
            return may_i(conn, asking, TODAY, authority.token).verdict

    return _asked


@pytest.fixture
def answer(ledger):
    """Have staff write an answer down."""

    def _answer(party_id, state, **fields):
        given = AnswerGiven(**{"purpose": "marketing", "state": State(state)} | fields)
        with writing(ledger) as conn:
            return answered(conn, party_id, given, NOW)

    return _answer


@pytest.fixture
def two(ledger):
    """Two parties, one of whom has said yes when they enrolled."""
    with writing(ledger) as conn:
        for party_id in (ANN, BEA):
            ensure(conn, party_id, Origin("store-0001/till-1", NOW))
        yes = [ConsentGiven("marketing", "email", given=True)]
        consent(conn, BEA, yes, Origin("store-0001/till-1", NOW))


def _merge(ledger):
    with writing(ledger) as conn:
        say(conn, [PartyEdge(Tie.SAME, ANN, BEA, event="m-1", line=0, actor="eva", at=NOW)])


def _unmerge(ledger):
    with writing(ledger) as conn:
        take_back(conn, [Retraction("m-1#0", event="u-1", actor="eva", at=NOW)])


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
def test_an_objection_survives_a_merge_and_its_undo(ledger, asked, answer):
    """Who objected at the call centre would get mail again once somebody tidied up."""
    assert (False, True) == (asked(ANN).allowed, asked(BEA).allowed)
    answer(ANN, "objected", channel="call-centre")
    assert (False, True) == (asked(ANN).allowed, asked(BEA).allowed)
    _merge(ledger)
    assert [("objected", False)] * 2 == [
        (asked(each).state, asked(each).allowed) for each in (ANN, BEA)
    ]
    _unmerge(ledger)
    assert [("objected", False)] * 2 == [
        (asked(each).state, asked(each).allowed) for each in (ANN, BEA)
    ]
    with reading(ledger) as conn:
        card = card_of(conn, BEA)
    assert {"given", "objected"} == {mark.state.value for mark in card.marks}
    assert not any(each.given for each in card.consents)
    with pytest.raises(StateFault, match="objection to marketing stands"):
        answer(BEA, "given", contact="email")
    answer(BEA, "given", contact="email", lifting=True)
    assert (False, True) == (asked(ANN).allowed, asked(BEA).allowed)


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
def test_an_objection_outlives_whom_a_rule_had_joined(ledger, asked, answer):
    """Who objected would get mail again once a steward parted what one card had joined."""
    card = Identifier(IdentifierType.LOYALTY_CARD, "LC00820G40GM")
    with writing(ledger) as conn:
        for party_id in (ANN, BEA):
            hold(conn, party_id, [card], Origin("store-0001/till-1", NOW, f"j/{party_id}"))
    answer(ANN, "objected", channel="call-centre")
    assert (False, False) == (asked(ANN).allowed, asked(BEA).allowed)
    with writing(ledger) as conn:
        Desk(conn, NOW, orders_nothing).separate([ANN], Asked("eva", "two people, one card"))
    assert [("objected", False)] * 2 == [
        (asked(each).state, asked(each).allowed) for each in (ANN, BEA)
    ]


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("ground", ["blocked", "ended"])
def test_an_objection_outlives_the_ground_of_a_rule(ledger, asked, answer, ground):
    """Who objected would get mail again once their card is blocked, or their pass has ended."""
    kind = IdentifierType.WALLET if ground == "ended" else IdentifierType.LOYALTY_CARD
    shared = Identifier(kind, "LC00820G40GM")
    with writing(ledger) as conn:
        if ground == "ended":
            keep_pass(conn, ANN, Pass(shared.value, "00" * 20), Origin("hq", NOW, "j/p"))
        for party_id in (ANN, BEA):
            hold(conn, party_id, [shared], Origin("store-0001/till-1", NOW, f"j/{party_id}"))
        assert canonical(conn, ANN) == canonical(conn, BEA)
    answer(ANN, "objected", channel="call-centre")
    assert (False, False) == (asked(ANN).allowed, asked(BEA).allowed)
    with writing(ledger) as conn:
        if ground == "ended":
            end_pass(conn, ANN, shared.value)
        else:
            block(conn, shared, Asked("eva", "the shop's own"), NOW)
        assert (ANN, BEA) == (canonical(conn, ANN), canonical(conn, BEA))
        card = card_of(conn, BEA)
    assert [("objected", False)] * 2 == [
        (asked(each).state, asked(each).allowed) for each in (ANN, BEA)
    ]
    assert "objected" in {mark.state.value for mark in card.marks}


@pytest.fixture
def shown(ledger):
    """Have both show one card; gives their canonical ids, as they are then or now."""

    def _shown(*party_ids):
        card = Identifier(IdentifierType.LOYALTY_CARD, "LC00820G40GM")
        with writing(ledger) as conn:
            for party_id in party_ids:
                hold(conn, party_id, [card], Origin("store-0001/till-1", NOW, f"j/{party_id}"))
            return canonical(conn, ANN), canonical(conn, BEA)

    return _shown


PROFILING = MayI(purpose="profiling")


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
def test_no_rule_joins_whoever_objects_to_profiling(ledger, asked, answer, shown):
    """What somebody forbade would be done all the same, by a card they showed twice."""
    answer(ANN, "objected", purpose="profiling")
    assert (ANN, BEA) == shown(ANN, BEA)
    with reading(ledger) as conn:
        [question] = queue(conn).questions
        card = card_of(conn, BEA)
    assert [Doubt.OBJECTED.value] == [each.doubt for each in question.proposals]
    # Nobody can tell whether it is not Bea who objects.
    assert ["objected"] * 2 == [asked(each, PROFILING).state for each in (ANN, BEA)]
    assert "objected" in {mark.state.value for mark in card.marks}


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
def test_who_was_joined_is_parted_by_an_objection_until_it_is_lifted(asked, answer, shown):
    """Two histories would go on being one profile of somebody who wants none."""
    one, other = shown(ANN, BEA)
    assert one == other
    answer(ANN, "objected", purpose="profiling")
    assert (ANN, BEA) == shown()
    assert ["objected"] * 2 == [asked(each, PROFILING).state for each in (ANN, BEA)]
    answer(ANN, "given", purpose="profiling", lifting=True)
    one, other = shown()
    assert one == other
    assert ["given"] * 2 == [asked(each, PROFILING).state for each in (ANN, BEA)]


@pytest.mark.usefixtures("two")
def test_an_objection_to_mail_leaves_text_messages_untouched(asked, answer):
    """One no would silence more than the person meant, or less."""
    answer(ANN, "given", contact="sms")
    answer(ANN, "refused", contact="email")
    assert not asked(ANN).allowed
    assert asked(ANN, MayI(purpose="marketing", contact="sms")).allowed


@pytest.mark.usefixtures("two")
def test_an_answer_is_kept_once_and_shown_with_its_proof(ledger, answer, rows):
    """A repeated request would leave two answers, and nobody could prove either."""
    told = {"record_id": "r-1", "contact": "email", "notice": "privacy@3", "operator": "eva"}
    first = answer(ANN, "given", **told)
    assert first == answer(ANN, "given", **told)
    (row,) = rows(CONSENT_RECORDS)
    assert ("r-1", "given", "hq") == (row["record_id"], row["state"], row["source"])
    with reading(ledger) as conn:
        view = consents_view(conn, ANN, TODAY)
        assert [ConsentGiven("marketing", "email", given=True)] == list(card_of(conn, ANN).consents)
    assert [first] == list(view.records)
    assert [True] == [each.allowed for each in view.standings if each.contact == "email"]


@pytest.mark.both_databases
def test_a_tills_answer_has_its_effect_at_hq(ledger, receive, asked, feed, rows):
    """A customer would say no at the till, and HQ would write to them all the same."""
    record = ConsentRecord(
        record_id="01999999-0000-7000-8000-0000000000c1",
        party_id=ANN,
        purpose="marketing",
        state=State.OBJECTED,
        at=NOW,
        touch_point="store-0001/till-1",
    )
    receive("side", record)
    Applier(ledger, lambda: NOW).apply_pending()
    assert (False, "objected") == (asked(ANN).allowed, asked(ANN).state)
    assert ["side/1"] == [row["source"] for row in rows(CONSENT_RECORDS)]
    card = feed()["global", f"party:{ANN}"][1]["card"]
    assert [record.record_id] == [mark[0] for mark in card["marks"]]
    assert {"side": 1} == card["through"]


def test_nobody_is_a_clear_answer(ledger, authority):
    """A newsletter would go to whom nobody knows."""
    asking = MayI(purpose="marketing", contact="email", type="email", value="no@example.com")
    with reading(ledger) as conn, pytest.raises(NotFoundFault, match="nobody is known by this"):
        may_i(conn, asking, TODAY, authority.token)


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
def test_a_check_is_quick(ledger, authority, answer):
    """Whoever asks before each mail would wait longer than for the mail (goal: 5 ms)."""
    for n in range(20):
        answer(ANN, "refused" if n % 2 else "given", contact="email", record_id=f"r-{n}")
    asking = MayI(purpose="marketing", contact="email", party_id=ANN)
    took_s = []
    for _ in range(30):
        with reading(ledger) as conn:
            begun = time.thread_time()
            may_i(conn, asking, TODAY, authority.token)
            took_s.append(time.thread_time() - begun)
    assert statistics.median(took_s) < 0.025


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
def test_who_changes_their_mind_on_the_web_is_heard(ledger, asked, answer):
    """A no at the till would hold for ever, whatever the customer says on the web."""
    with writing(ledger) as conn:
        register(conn, [Channel("web")], NOW)
    answer(ANN, "refused", contact="email")
    answer(BEA, "objected", contact="email")
    told = {"consents": [{"purpose": "marketing", "contact": "email", "given": True}]}
    event = {"type": "consent.recorded", "occurred_at": NOW}
    said = [
        json.dumps(event | {"event_id": f"c-{n}", "party": told | {"party_id": party_id}}).encode()
        for n, party_id in enumerate((ANN, BEA))
    ]
    with writing(ledger) as conn:
        ann, bea = take(conn, "web", said, NOW, lambda: "new")
    assert (True, ()) == (asked(ANN).allowed, ann.notes)
    assert not asked(BEA).allowed
    assert "an objection to marketing stands" in bea.notes[0]
    with reading(ledger) as conn:
        records = consents_view(conn, ANN, TODAY).records
    assert ["web/c-0#0"] == [each.record_id for each in records if each.channel == "web"]


@pytest.mark.both_databases
@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("objector", [ANN, BEA])
def test_an_address_of_two_is_not_written_to_once_one_has_objected(
    ledger, authority, answer, objector
):
    """Whether the objection counts would hang on whose id has the smaller hash (Article 21)."""
    address = Identifier(IdentifierType.EMAIL, "home@example.com")
    yes = [ConsentGiven("marketing", "email", given=True)]
    asking = MayI("marketing", "email", type="email", value=address.value)
    with writing(ledger) as conn:
        for each in (ANN, BEA):
            hold(conn, each, [address], Origin("store-0001/till-1", NOW))
            consent(conn, each, yes, Origin("store-0001/till-1", NOW))
        assert may_i(conn, asking, TODAY, authority.token).verdict.allowed
    answer(objector, "objected")
    with reading(ledger) as conn:
        verdict = may_i(conn, asking, TODAY, authority.token).verdict
    assert ("objected", False) == (verdict.state, verdict.allowed)
