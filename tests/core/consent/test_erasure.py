"""Erasing a person: what goes, what stays, the order, and the proof of every copy."""

from __future__ import annotations

import random
from itertools import permutations

import msgspec
import pytest

from agent.core.consent.erasure import (
    EntryKey,
    ErasePerson,
    Hold,
    Holding,
    also_meant,
    orders_of,
    plan,
    supplement,
)
from agent.core.consent.proof import (
    Ack,
    Excuse,
    Ordered,
    Replica,
    ReplicaKind,
    ReplicaState,
    acknowledged,
    begun,
    decided_again,
    excused,
    proof,
    proof_bytes,
    with_orders,
    with_replicas,
)
from agent.core.consent.retention import DataClass, rules_of
from agent.core.consent.rights import Kind, SubjectRequest
from agent.core.exchange.orders import EraseBody
from agent.core.faults import InputFault, StateFault

TODAY = "2026-11-22"
RULES = rules_of("DE")
REQUEST = SubjectRequest(
    "q-1", Kind.ERASE, "ada", TODAY, "2026-11-22T10:00:00.000Z", verified_by=("email",)
)


def entry(seq, journal="a" * 32):
    return EntryKey(journal, seq, f"{seq:064x}")


def in_journal(key, data_class, seq, store="store-1", **more):
    return Holding(key, data_class, entry=entry(seq), store=store, **more)


HOLDINGS = (
    Holding("attribute:name", DataClass.IDENTITY),
    Holding("attribute:email", DataClass.CONTACT),
    Holding("sale:1", DataClass.SALE),
    Holding("invoice:1", DataClass.INVOICE, since="2026-03-02"),
    Holding("invoice:0", DataClass.INVOICE, since="2016-03-02"),
    Holding("order:open", DataClass.ORDER, open=True),
    Holding("order:done", DataClass.ORDER),
    Holding("gift:1", DataClass.GIFT_CARD, open=True),
    in_journal("entry:enrolled", DataClass.IDENTITY, 1),
    in_journal("entry:tie", DataClass.TIE, 2, "store-2"),
    in_journal("entry:consent", DataClass.CONSENT, 3, since=TODAY),
)


def decided(holdings=HOLDINGS, parties=("ada", "ada-2"), today=TODAY, **more):
    return plan(REQUEST, parties, holdings, RULES, today=today, **more)


def test_what_must_stay_stays_with_its_law_and_its_day_and_the_rest_goes():
    """Tax data would be destroyed, or a name kept because it stands beside them."""
    made = decided()
    assert [
        "attribute:email",
        "attribute:name",
        "entry:enrolled",
        "entry:tie",
        "invoice:0",
        "order:done",
    ] == [held.key for held in made.erase]
    assert {
        "entry:consent": "2029-12-31",
        "gift:1": "",
        "invoice:1": "2034-12-31",
        "order:open": "",
        "sale:1": "",
    } == {kept.key: kept.until for kept in made.keep}
    assert all(kept.law and kept.reason for kept in made.keep)
    assert ("2029-12-31", ()) == (made.again_on, made.unclear)


def test_the_plan_is_the_same_in_whatever_order_things_are_told():
    """Two HQs, or two runs, would decide differently about one person."""
    rng = random.Random(1)
    for _ in range(20):
        shuffled = rng.sample(HOLDINGS * 2, len(HOLDINGS) * 2)
        assert decided() == decided(shuffled, parties=("ada-2", "ada", "ada"))


def test_a_period_that_ends_lets_its_thing_go():
    """What was kept for eight years would be kept for ever."""
    assert "" == decided(today="2035-01-01", holdings=HOLDINGS[3:4]).again_on
    first, later = decided(), decided(today="2035-01-01")
    more = supplement([first], later)
    assert ["entry:consent", "invoice:1"] == [held.key for held in more.erase]
    assert supplement([first, more], later) is None


def test_more_ids_of_the_person_are_more_to_erase():
    """A double that was found later would keep its card at every till."""
    more = supplement([decided()], decided(parties=("ada", "ada-2", "ada-3")))
    assert ((), ("ada", "ada-2", "ada-3")) == (more.erase, more.parties)


def test_a_dispute_holds_what_it_is_about():
    """The shop would destroy the evidence of a running claim."""
    held = decided(holds=[Hold(frozenset({"attribute:name"}), "claim 7", "2027-06-30")])
    assert "2027-06-30" == next(k.until for k in held.keep if k.key == "attribute:name")
    assert "attribute:email" in [each.key for each in held.erase]
    everything = decided(holds=[Hold(frozenset(), "claim 7")])
    assert ((), ()) == (everything.erase, everything.classes)
    over = decided(holds=[Hold(frozenset(), "claim 6", "2026-11-21")])
    assert decided() == over
    assert () == decided(holds=[Hold(frozenset(), "claim 8", "some day")]).erase


def test_the_longer_of_two_reasons_is_told():
    """The customer would be told a day on which the thing is not gone."""
    long, short = Hold(frozenset(), "claim", "2050-01-01"), Hold(frozenset(), "claim", TODAY)
    assert ["2050-01-01", "2034-12-31"] == [
        next(k.until for k in decided(holds=[hold]).keep if k.key == "invoice:1")
        for hold in (long, short)
    ]


def test_what_cannot_be_decided_is_named_and_holds_nothing_up():
    """One bad row would keep the whole person from being erased (P6)."""
    bad = (
        Holding("invoice:?", DataClass.INVOICE),
        Holding("invoice:!", DataClass.INVOICE, since="2026"),
        Holding("entry:?", DataClass.TIE, entry=entry(9)),
        Holding("note:?", DataClass.NOTE),
    )
    rules = {key: rule for key, rule in RULES.items() if key is not DataClass.NOTE}
    made = plan(REQUEST, ["ada"], (*HOLDINGS, *bad), rules, today=TODAY)
    assert ["entry:?", "invoice:!", "invoice:?", "note:?"] == [each.key for each in made.unclear]
    assert decided().erase == made.erase
    assert all(each.reason and each.remedy for each in made.unclear)


def test_a_request_that_is_none_is_refused():
    """Somebody would be erased by mistake."""
    with pytest.raises(StateFault):
        plan(msgspec.structs.replace(REQUEST, verified_by=()), ["ada"], (), RULES, today=TODAY)
    with pytest.raises(InputFault) as nobody:
        decided(parties=())
    assert "nobody-named" == nobody.value.name


def test_the_orders_name_entries_per_store_and_the_person_everywhere():
    """A till of another store would keep the card, or read of entries it never had."""
    orders = dict(orders_of(decided()))
    assert {"global", "store:store-1", "store:store-2"} == set(orders)
    assert [(), (entry(1),), (entry(2),)] == [orders[scope].entries for scope in sorted(orders)]
    assert {("ada", "ada-2")} == {body.parties for body in orders.values()}


def test_an_order_is_read_as_an_order_to_erase_and_says_nothing_of_the_person():
    """Tills that know only entries would fail on it, or the order itself would leak."""
    _, body = orders_of(decided())[1]
    sent = msgspec.json.encode(body)
    plain = msgspec.json.decode(sent, type=EraseBody)
    assert (("a" * 32, 1, f"{1:064x}"),) == plain.entries
    assert body == msgspec.json.decode(sent, type=ErasePerson)
    alone = orders_of(decided(()))[0][1]
    assert () == msgspec.json.decode(msgspec.json.encode(alone), type=EraseBody).entries


def test_a_till_erases_what_it_has_not_sent_yet():
    """A till that was away would bring the person back with its next batch."""
    body = orders_of(decided())[1][1]
    held = [
        (entry(1), DataClass.IDENTITY, ["ada"]),
        (entry(8), DataClass.TIE, ["ada-2"]),
        (entry(7), DataClass.EVIDENCE, ["ada", "bob"]),
        (entry(6), DataClass.TIE, ["bob"]),
        (entry(5), DataClass.CONSENT, ["ada"]),
        (entry(4), DataClass.LOYALTY, ["ada"]),
    ]
    assert (entry(7), entry(8)) == also_meant(body, held)


HQ = Replica("hq", ReplicaKind.HQ, ("global", "store:store-1"))
TILL = Replica("store-1/till-1", ReplicaKind.TILL, ("global", "store:store-1"))
AWAY = Replica("store-2/till-1", ReplicaKind.TILL, ("global", "store:store-2"))
WEB = Replica("webshop", ReplicaKind.CHANNEL)
BACKUP = Replica("backup-7", ReplicaKind.BACKUP, gone_by="2026-12-06")
ORDERS = (Ordered("o-g", "global"), Ordered("o-1", "store:store-1"))


def ack(replica, order_id="o-g", outcome="done", at="2026-11-22T11:00:00.000Z", **more):
    return Ack(replica.replica_id, order_id, outcome, at, **more)


def begin(*replicas, made=None):
    return with_orders(begun(made or decided(), replicas, due="2026-12-22"), ORDERS)


def states(erasure, today=TODAY):
    return {each.replica_id: each.state.value for each in proof(erasure, today=today).replicas}


def test_a_till_that_is_away_is_named_as_pending_and_then_done():
    """The proof would call an erasure complete while a till still holds the customer."""
    standing = begin(TILL, AWAY, WEB)
    for each in (ack(TILL), ack(TILL, "o-1"), ack(WEB)):
        standing = acknowledged(standing, each)
    shown = proof(standing, today="2026-11-25")
    assert (False, False) == (shown.complete, shown.late)
    assert [("o-g",)] == [each.open_orders for each in shown.replicas if each.open_orders]
    assert "pending" == states(standing)["store-2/till-1"]
    done = proof(acknowledged(standing, ack(AWAY, outcome="nothing-to-do")), today="2026-11-25")
    assert (True, True) == (done.complete, done.final)
    assert decided().keep == done.kept


def test_every_order_in_its_scope_is_waited_for():
    """A till that dropped the card but kept the journal's text would count as done."""
    standing = acknowledged(begin(TILL), ack(TILL))
    assert "pending" == states(standing)[TILL.replica_id]
    assert "done" == states(acknowledged(standing, ack(TILL, "o-1")))[TILL.replica_id]


def test_acks_count_once_and_in_any_order():
    """A repeated or late word would undo a better one."""
    said = [ack(WEB, outcome="disk-full"), ack(WEB), ack(WEB), ack(TILL), ack(TILL, "o-1")]
    proofs = set()
    for each in permutations(said):
        standing = begin(TILL, WEB)
        for one in each:
            standing = acknowledged(standing, one)
        proofs.add(proof_bytes(proof(standing, today=TODAY)))
    assert 1 == len(proofs)
    assert b'"complete":true' in proofs.pop()


def test_a_trouble_stays_open_and_is_told():
    """Another entry under the number would pass for the erased one."""
    standing = acknowledged(begin(WEB), ack(WEB, outcome="another-entry"))
    (shown,) = proof(standing, today=TODAY).replicas
    assert (ReplicaState.TROUBLE, ("another-entry",)) == (shown.state, shown.outcomes)
    assert not proof(standing, today=TODAY).complete


def test_a_lost_till_is_excused_by_a_person_with_a_reason():
    """One scrapped machine would leave every erasure open for ever, or be forgotten silently."""
    standing = acknowledged(acknowledged(begin(TILL, AWAY), ack(TILL)), ack(TILL, "o-1"))
    with pytest.raises(InputFault) as missing:
        excused(standing, Excuse(AWAY.replica_id, " ", "a-1", ""))
    with pytest.raises(InputFault) as unknown:
        excused(standing, Excuse("store-9/till-9", "lost", "a-1", ""))
    assert ["reason-missing", "other-request"] == [missing.value.name, unknown.value.name]
    shown = proof(
        excused(standing, Excuse(AWAY.replica_id, "disk destroyed", "a-1", "")), today=TODAY
    )
    assert (True, "disk destroyed") == (shown.complete, shown.replicas[1].note)
    back = acknowledged(
        excused(standing, Excuse(AWAY.replica_id, "disk destroyed", "a-1", "")), ack(AWAY)
    )
    assert "done" == states(back)[AWAY.replica_id]


def test_a_backup_ages_out_and_is_shown_until_then():
    """The proof would be silent about the copy that lives longest."""
    standing = acknowledged(begin(WEB, BACKUP), ack(WEB))
    now, later = (proof(standing, today=day) for day in ("2026-12-06", "2026-12-07"))
    assert [(True, False), (True, True)] == [(each.complete, each.final) for each in (now, later)]
    assert ("ages_out", "2026-12-06") == (now.replicas[0].state.value, now.replicas[0].note)
    with pytest.raises(InputFault):
        begin(Replica("backup-8", ReplicaKind.BACKUP))


def test_whoever_answers_counts_also_when_nobody_expected_them():
    """A till enrolled meanwhile would report a trouble, and nobody would see it."""
    standing = begin(WEB)
    for one in (ack(WEB), ack(AWAY), ack(TILL, "o-1", "disk-full")):
        standing = acknowledged(standing, one)
    assert {"webshop": "done", "store-2/till-1": "done", "store-1/till-1": "trouble"} == states(
        standing
    )


def test_a_word_about_another_request_is_refused():
    """One person's erasure would be proven by another's."""
    with pytest.raises(InputFault) as caught:
        acknowledged(begin(WEB), ack(WEB, "o-9"))
    assert "other-request" == caught.value.name
    other = msgspec.structs.replace(decided(), request_id="q-2")
    with pytest.raises(InputFault):
        decided_again(begin(WEB), other)


def test_nothing_is_complete_before_it_is_ordered_and_decided():
    """A request nobody has acted on, or a thing nobody decided about, would count as erased."""
    assert not proof(begun(decided(), [], due="2026-12-22"), today=TODAY).complete
    assert not proof(begin(), today=TODAY).complete
    unclear = decided((Holding("invoice:?", DataClass.INVOICE),))
    standing = acknowledged(begin(WEB, made=unclear), ack(WEB))
    assert not proof(standing, today=TODAY).complete
    assert proof(decided_again(standing, decided()), today=TODAY).complete


def test_a_sale_that_is_kept_stands_in_the_proof_after_its_tie_is_gone():
    """The person would be told of the kept sales once, and the next proof would deny them."""
    first = begin(WEB)
    assert "sale:1" in {each.key for each in first.kept}
    later = decided_again(first, decided(HOLDINGS[3:4]))
    assert ["invoice:1", "sale:1"] == [each.key for each in later.kept]
    assert later == decided_again(later, decided(HOLDINGS[2:4]))


def test_more_orders_open_a_complete_erasure_again():
    """What a late till brought would be left lying under a finished proof."""
    standing = acknowledged(begin(WEB), ack(WEB))
    assert proof(standing, today=TODAY).complete
    standing = with_orders(standing, [Ordered("o-2", "global")])
    assert not proof(standing, today=TODAY).complete
    assert proof(acknowledged(standing, ack(WEB, "o-2")), today=TODAY).complete


def test_the_legal_day_is_watched_until_it_is_complete():
    """Nobody would notice that the month is over."""
    standing = begin(WEB)
    assert [False, True] == [
        proof(standing, today=day).late for day in ("2026-12-22", "2026-12-23")
    ]
    assert not proof(acknowledged(standing, ack(WEB)), today="2027-01-01").late


def test_a_replica_told_again_is_one_replica():
    """A till that moved to another scope would be waited for twice."""
    standing = with_replicas(begin(WEB), [msgspec.structs.replace(WEB, scopes=("store:web",))])
    assert {"webshop": "done"} == states(standing)
    assert standing == msgspec.json.decode(msgspec.json.encode(standing), type=type(standing))
