"""Who is one person: each rule, each guard, and that a doubt is asked, never guessed."""

from __future__ import annotations

from itertools import permutations

import pytest

from agent.core.history.graph import Block, seen
from agent.core.history.graph_links import Doubt, Link, Proposal
from agent.core.history.graph_rules import RULES, Rule, RuleBook
from agent.core.history.graph_set import link
from agent.core.recognition import Evidence, Identifier, IdentifierType
from tests.core.history.graph_worlds import (
    account,
    asked,
    card,
    differ,
    email,
    linked,
    objected,
    order,
    perhaps,
    persons,
    phone,
    same,
)


def met(*parties, **said):
    """Let several parties be met with the same, each at an event of their own."""
    return tuple(
        fact
        for n, party in enumerate(parties)
        for fact in seen(
            party, f"met-{party}-{n}-{sorted(said)}-{sorted(map(str, said.values()))}", **said
        )
    )


def rules(graph):
    return sorted({found.rule for some in graph.links.values() for found in some})


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"observed": [card(1)]}, "R1"),
        ({"observed": [account(1)]}, "R1"),
        ({"verified": [account(1)]}, "R4"),
        ({"verified": [Identifier(IdentifierType.WALLET, "pass-1")]}, "R4"),
        ({"verified": [email(1)]}, "R2"),
        ({"verified": [phone(1)], "name": "Ada Byron"}, "R3"),
    ],
)
def test_each_rule_joins_and_says_so(said, rule):
    """A customer with two ids would be asked everything twice."""
    graph = linked(met("p1", "p2", **said))
    assert ([["p1", "p2"]], [rule], []) == (persons(graph), rules(graph), asked(graph))


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ({"candidate": [card(1)]}, "UNPROVED"),
        ({"observed": [email(1)]}, "UNPROVED"),
        ({"observed": [phone(1)], "name": "Ada Byron"}, "UNPROVED"),
        ({"verified": [phone(1)]}, "NAMES"),
        ({"verified": [phone(1)], "name": "Byron"}, "NAMES"),
        ({"observed": [order(1)]}, "WEAK"),
        ({"candidate": [Identifier(IdentifierType.PAR, "Q1" + "0" * 27)]}, "WEAK"),
    ],
)
def test_what_does_not_prove_it_is_asked(said, doubt):
    """A merge on an unproved e-mail would hand somebody's history to whoever types it in."""
    graph = linked(met("p1", "p2", **said))
    assert ([], [("p1", "p2", doubt)]) == (persons(graph), asked(graph))


def test_one_who_proved_and_one_who_did_not_are_asked():
    """Typing in another's proved e-mail would be enough to be them."""
    graph = linked(met("p1", verified=[email(1)]), met("p2", observed=[email(1)]))
    assert ([], [("p1", "p2", "UNPROVED")]) == (persons(graph), asked(graph))


def test_an_account_claimed_by_typing_it_is_asked():
    """A card number typed on the web would open its owner's history."""
    graph = linked(met("p1", verified=[card(1)]), met("p2", candidate=[card(1)]))
    assert ([], [("p1", "p2", "UNPROVED")]) == (persons(graph), asked(graph))


def test_a_link_names_its_evidence():
    """Nobody could say why two are one person, or take back the one wrong fact."""
    graph = linked(seen("p2", "e2", observed=[card(1)]), seen("p1", "e1", verified=[card(1)]))
    link = Link("p1", "p2", "R4", 2, "loyalty_card", ("e1#0", "e2#0"))
    assert {link} == graph.links["p1"] == graph.links["p2"]


def test_a_proposal_names_its_evidence_and_its_weight():
    """A steward would have to look for the reason by hand."""
    graph = linked(perhaps("s1", "p2", "p1", weight=9700), met("p1", "p2"))
    proposal = Proposal("p1", "p2", "splink-5", Doubt.PROPOSED, evidence=("s1#0",), weight=9700)
    assert {proposal} == graph.proposals["p1"] == graph.proposals["p2"]


def test_the_stronger_of_what_a_party_has_shown_of_an_identifier_counts():
    """Who proved an e-mail and used it again unproved would be unknown again."""
    facts = met("p1", "p2", verified=[email(1)]) + met("p1", "p2", observed=[email(1)])
    assert [["p1", "p2"]] == persons(linked(facts))


def test_made_up_and_blocked_identifiers_join_nobody():
    """All who have no e-mail would be one person."""
    blank = Identifier(IdentifierType.LOYALTY_CARD, "0000")
    book = RuleBook(blocked=frozenset({card(2)}))
    graph = linked(
        met("p1", "p2", observed=[blank, card(2), card(3)]), Block(card(3), event="b"), book=book
    )
    assert ([], []) == (persons(graph), asked(graph))


@pytest.mark.parametrize(("holders", "joined"), [(5, True), (6, False)])
def test_a_contact_of_more_than_five_is_nobodys(holders, joined):
    """The telephone of a nursing home would make one person of its inhabitants."""
    ids = [f"p{n}" for n in range(holders)]
    graph = linked(met(*ids, verified=[email(1)]))
    assert ([ids] if joined else []) == persons(graph)
    assert [] == asked(graph)


def test_typing_a_proved_contact_in_many_times_does_not_void_it():
    """Anybody could split a customer's history by ordering as a guest with their e-mail."""
    strangers = [f"x{n}" for n in range(20)]
    graph = linked(met("p1", "p2", verified=[email(1)]), met(*strangers, observed=[email(1)]))
    assert ([["p1", "p2"]], []) == (persons(graph), asked(graph))


@pytest.mark.parametrize(("holders", "joined"), [(8, True), (9, False)])
def test_an_account_of_more_than_eight_is_nobodys(holders, joined):
    """A cashier's own card, scanned for everybody, would join all who were enrolled by it."""
    ids = [f"p{n}" for n in range(holders)]
    assert ([ids] if joined else []) == persons(linked(met(*ids, observed=[card(1)])))


def test_a_chain_of_more_than_eight_is_asked_as_a_whole():
    """Eight of nine, chosen by chance, would be one person."""
    chain = [met(f"p{n}", f"p{n + 1}", observed=[card(n)]) for n in range(8)]
    graph = linked(*chain)
    assert [] == persons(graph)
    assert {"TOO_MANY"} == {doubt for _, _, doubt in asked(graph)}
    assert [[f"p{n}" for n in range(8)]] == persons(linked(*chain[:-1]))


def test_too_long_a_chain_keeps_what_stronger_rules_have_joined():
    """One more phone would split what cards have joined for years."""
    proved = met("p0", "p1", observed=[card(1)]) + met("p1", "p2", observed=[card(2)])
    phones = [
        met("p0" if n == 3 else f"p{n - 1}", f"p{n}", verified=[phone(n)], name="Ada Byron")
        for n in range(3, 10)
    ]
    graph = linked(proved, *phones)
    assert ([["p0", "p1", "p2"]], {"TOO_MANY"}) == (
        persons(graph),
        {doubt for _, _, doubt in asked(graph)},
    )


def test_what_people_have_joined_counts_as_one_for_the_rules():
    """A steward who merged nine would have cut the customer off from their next card."""
    ids = [f"p{n}" for n in range(10)]
    merged = tuple(same(f"m{n}", "p0", f"p{n}") for n in range(1, 10))
    graph = linked(merged, met("p9", "q", observed=[card(1)]))
    assert [[*ids, "q"]] == persons(graph)


@pytest.mark.parametrize(
    ("first", "second", "doubt"),
    [
        ({"verified": [email(1)]}, {"verified": [email(2)]}, "CONTACTS"),
        ({"verified": [phone(1)]}, {"verified": [phone(2)]}, "CONTACTS"),
        ({"birth_date": "1980-01-01"}, {"birth_date": "1990-01-01"}, "BIRTH_DATES"),
    ],
)
def test_who_contradict_each_other_are_asked(first, second, doubt):
    """A father and a son with one card would see each other's purchases."""
    both = met("p1", "p2", observed=[card(1)])
    graph = linked(both, met("p1", **first), met("p2", **second))
    assert ([], [("p1", "p2", doubt)]) == (persons(graph), asked(graph))


@pytest.mark.parametrize(
    "said", [{"observed": [card(1)]}, {"verified": [account(1)]}, {"verified": [email(1)]}]
)
def test_whose_names_speak_against_it_are_asked(said):
    """A card handed on, or a couple's account or mailbox, would make one of two people."""
    named = met("p1", name="Karl Byron") + met("p2", name="Eva Byron")
    graph = linked(met("p1", "p2", **said), named)
    assert ([], [("p1", "p2", "NAMES")]) == (persons(graph), asked(graph))
    assert [["p1", "p2"]] == persons(linked(met("p1", "p2", **said), named, same("m", "p1", "p2")))


def test_a_slip_in_a_name_joins_by_a_card_and_not_by_a_mailbox():
    """A customer mistyped at the till would be two, or twins at their family's mailbox one."""
    named = met("p1", name="Anna Byron") + met("p2", name="Anne Byron")
    assert [["p1", "p2"]] == persons(linked(met("p1", "p2", observed=[card(1)]), named))
    twins = linked(met("p1", "p2", verified=[email(1)]), named)
    assert ([], [("p1", "p2", "NAMES")]) == (persons(twins), asked(twins))


def test_a_date_of_birth_outweighs_a_name():
    """Bob, who is Robert on his passport, would be asked about at each card."""
    born = {"birth_date": "1980-01-01"}
    named = met("p1", name="Bob Byron", **born) + met("p2", name="Robert Byron", **born)
    assert [["p1", "p2"]] == persons(linked(met("p1", "p2", observed=[card(1)]), named))


def test_who_has_both_names_bridges_them_and_a_family_name_does_not():
    """Who married would stay two persons, or a nameless enrolment make one of a couple."""
    everybody = met("p1", "p2", "p3", observed=[card(1)])
    married = met("p1", name="Ada Byron") + met("p3", name="Ada King")
    bridge = met("p2", name="Ada Byron") + seen("p2", "wed", name="Ada King")
    assert [["p1", "p2", "p3"]] == persons(linked(everybody, married, bridge))
    couple = met("p1", name="Karl Byron") + met("p3", name="Eva Byron")
    for between in (met("p2", name="Byron"), ()):
        graph = linked(everybody, couple, between)
        assert ([], {"NAMES", "BETWEEN"}) == (
            persons(graph),
            {doubt for _, _, doubt in asked(graph)},
        )


def test_what_a_stronger_rule_has_joined_keeps_all_its_names():
    """A mailbox would make one of a couple, by way of an enrolment under the family's name."""
    cards = met("p1", "p2", observed=[card(1)])
    mailbox = met("p2", "p3", verified=[email(1)])
    named = met("p1", name="Karl Byron") + met("p2", name="Byron") + met("p3", name="Eva Byron")
    graph = linked(cards, mailbox, named)
    assert ([["p1", "p2"]], [("p2", "p3", "NAMES")]) == (persons(graph), asked(graph))


def test_who_objected_is_joined_by_no_rule_unless_both_did():
    """Who does not want to be profiled would be linked all the same."""
    both = met("p1", "p2", observed=[card(1)])
    one = linked(both, objected("o1", "p1"))
    assert ([], [("p1", "p2", "OBJECTED")]) == (persons(one), asked(one))
    assert [["p1", "p2"]] == persons(linked(both, objected("o1", "p1"), objected("o2", "p2")))


def test_a_proved_contact_that_is_shared_contradicts_nobody():
    """The e-mail of a club would keep its members' own ids apart for ever."""
    club = met("p1", *(f"x{n}" for n in range(5)), verified=[email(1)])
    graph = linked(club, met("p2", verified=[email(2)]), met("p1", "p2", observed=[card(1)]))
    assert [["p1", "p2"]] == persons(graph)


def test_who_has_proved_both_bridges_what_differs():
    """A customer who changed their e-mail, and proved both, would stay two persons."""
    facts = (
        met("p1", verified=[email(1)]),
        met("p2", verified=[email(1), email(2)]),
        met("p3", verified=[email(2)]),
        met("p1", "p2", "p3", observed=[card(1)]),
    )
    assert [["p1", "p2", "p3"]] == persons(linked(*facts))


def test_who_lies_between_two_that_contradict_is_given_to_neither():
    """Whose purchases a nameless enrolment shows would depend on the smaller id."""
    facts = met("p1", verified=[email(1)]) + met("p3", verified=[email(2)])
    cards = met("p1", "p2", observed=[card(1)]) + met("p2", "p3", observed=[card(2)])
    graph = linked(facts, cards)
    assert [] == persons(graph)
    assert [("p1", "p2", "BETWEEN"), ("p2", "p3", "BETWEEN")] == asked(graph)


def test_a_newcomer_between_two_does_not_part_those_who_agree():
    """One enrolment with a family's card would take the family's merged histories apart."""
    family = met("p1", "p2", "p3", observed=[card(1)])
    apart = (differ("d1", "p1", "p3"), differ("d2", "p2", "p3"))
    assert [["p1", "p2"]] == persons(linked(family, *apart))
    graph = linked(family, *apart, met("p4", observed=[card(1)]))
    assert [["p1", "p2"]] == persons(graph)
    assert [("p1", "p4"), ("p2", "p4"), ("p3", "p4")] == [
        (one, other) for one, other, doubt in asked(graph) if doubt == "BETWEEN"
    ]


def test_a_contradiction_over_several_steps_leaves_all_of_its_rule_open():
    """Somewhere on the way from one to the other is a mistake, and nobody knows where."""
    cards = [met(f"p{n}", f"p{n + 1}", observed=[card(n)]) for n in range(3)]
    graph = linked(*cards, differ("d", "p0", "p3"))
    assert [] == persons(graph)
    assert ["BETWEEN"] * 3 == [doubt for _, _, doubt in asked(graph)]


def test_an_assertion_that_they_differ_stops_every_rule():
    """A twin told apart by a steward would be merged again by the next card."""
    said = {"verified": [account(1), email(1), phone(1)], "name": "Ada Byron"}
    graph = linked(met("p1", "p2", **said), differ("d", "p2", "p1"))
    assert [] == persons(graph)
    assert {"DIFFERENT"} == {doubt for _, _, doubt in asked(graph)}


def test_people_overrule_every_doubt_but_peoples():
    """A steward who has seen the passport could not merge; or one could overrule another."""
    facts = met("p1", verified=[email(1)], birth_date="1980-01-01") + met(
        "p2", verified=[email(2)], birth_date="1990-01-01"
    )
    merged = linked(facts, objected("o", "p1"), same("m", "p1", "p2"))
    assert ([["p1", "p2"]], ["steward"]) == (persons(merged), rules(merged))
    vetoed = linked(facts, same("m", "p1", "p2"), differ("d", "p1", "p2"))
    assert ([], [("p1", "p2", "DIFFERENT")]) == (persons(vetoed), asked(vetoed))


def test_a_person_is_never_said_to_differ_from_themselves():
    """One slip of the pen would take a person out of every rule for ever."""
    graph = linked(
        met("p1", "p2", observed=[card(1)]), differ("d", "p1", "p1"), same("m", "p2", "p2")
    )
    assert ([["p1", "p2"]], ["R1"]) == (persons(graph), rules(graph))


@pytest.mark.parametrize("order_of", list(permutations(["p1", "p2", "p3"])))
def test_a_short_name_that_fits_two_longer_ones_fits_neither(order_of):
    """Which daughter "Ada Byron" is would be decided by chance."""
    names = ("Ada Byron", "Ada King Byron", "Ada Anna Byron")
    facts = [
        met(party, verified=[phone(1)], name=name)
        for party, name in zip(order_of, names, strict=True)
    ]
    graph = linked(*facts)
    assert ([], {"NAMES"}) == (persons(graph), {doubt for _, _, doubt in asked(graph)})


def test_proposals_about_one_person_are_not_made():
    """A steward would be asked whether somebody is themselves."""
    graph = linked(
        met("p1", "p2", observed=[card(1), email(1), order(1)]), perhaps("s", "p1", "p2")
    )
    assert ([["p1", "p2"]], []) == (persons(graph), asked(graph))


def test_a_chain_may_have_a_rule_of_its_own():
    """A government's number, where the law allows it, would need another program."""
    wallet = Identifier(IdentifierType.WALLET, "pass-1")
    rule = Rule("X1", 3, frozenset({"wallet"}), Evidence.VERIFIED, Evidence.VERIFIED)
    book = RuleBook(rules=(rule,))
    graph = linked(met("p1", "p2", verified=[wallet], observed=[card(1)]), book=book)
    assert ([["p1", "p2"]], ["X1"]) == (persons(graph), rules(graph))
    assert {3} == {link.version for link in graph.links["p1"]}


def test_what_is_claimed_by_many_and_fulfils_no_rule_is_not_even_asked():
    """A steward would be asked about every two of a crowd."""
    book = RuleBook(rules=(RULES[0],))
    crowd = [f"x{n}" for n in range(9)]
    graph = linked(met("p1", "p2", observed=[card(1)]), met(*crowd, candidate=[card(1)]), book=book)
    assert ([], []) == (persons(graph), asked(graph))
    assert [["p1", "p2"]] == persons(link(graph, met("p2", verified=[card(1)]), book))
