"""A card's number that somebody wrote down proves nothing; the card that was shown is theirs."""

from __future__ import annotations

from itertools import combinations_with_replacement, permutations

import pytest

from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.cards import publish_cards
from central.identity.graph import proposals_of
from central.identity.holding import find, hold, hold_told
from central.identity.parties import Origin, canonicals, ensure, identifiers_of
from central.ledger.engine import writing

CARD = Identifier(IdentifierType.LOYALTY_CARD, "LC00820G40GM")
WEB_PARTY, SHOWN = "01999999-0000-7000-8000-00000000000e", "01999999-0000-7000-8000-00000000000b"
SIDE = "b" * 32


def typed(conn, party_id, card, origin):
    hold_told(conn, party_id, [card], origin)


def proved(conn, party_id, card, origin):
    hold_told(conn, party_id, [card], origin, proved={IdentifierType.LOYALTY_CARD})


def shown_at_a_till(conn, party_id, card, origin):
    hold(conn, party_id, [card], origin)


ACTS = (typed, shown_at_a_till, proved)


def outcome(conn, acts, order, number):
    """Tell of as many people as there are acts, in an order; gives what HQ makes of it."""
    card = Identifier(IdentifierType.LOYALTY_CARD, f"LC{number:010d}")
    ids = [f"p-{number}-{n}" for n in range(len(acts))]
    for n in order:
        origin = Origin("web", "2026-11-02T12:00:00.000Z", f"e-{n}")
        ensure(conn, ids[n], origin)
        acts[n](conn, ids[n], card, origin)
        acts[n](conn, ids[n], card, origin)
    chosen, asked = canonicals(conn, ids), proposals_of(conn, ids)
    return (
        [[chosen[one] == chosen[other] for one in ids] for other in ids],
        {(ids.index(each.one), ids.index(each.other), each.rule, each.doubt) for each in asked},
        [(held.evidence, held.event) for each in ids for held in identifiers_of(conn, each)],
    )


@pytest.mark.both_databases
def test_who_is_whom_does_not_hang_on_what_came_first(ledger):
    """Wrong: of two records a rule makes one, or a person is asked, as the line to HQ has it."""
    number = 0
    for acts in combinations_with_replacement(ACTS, 3):
        outcomes = []
        for order in permutations(range(3)):
            number += 1
            with writing(ledger) as conn:
                outcomes.append(outcome(conn, acts, order, number))
        assert [outcomes[0]] * 6 == outcomes, [act.__name__ for act in acts]


def test_a_number_that_was_typed_joins_nobody_by_itself(ledger):
    """Wrong: who types a stranger's number into a form reads their purchases."""
    with writing(ledger) as conn:
        joined, asked, _ = outcome(conn, (typed, shown_at_a_till), (0, 1), 1)
    assert [[True, False], [False, True]] == joined
    assert [(0, 1, "weak")] == [each[:3] for each in asked]


TOLD = {
    "event_id": "w-1",
    "type": "party.observed",
    "occurred_at": "2026-11-02T09:00:00Z",
    "party": {"party_id": WEB_PARTY, "card": CARD.value},
}


@pytest.mark.both_databases
@pytest.mark.parametrize("first", ["web", "till"])
def test_the_card_finds_who_shows_it(web, receive, told, apply, feed, first):
    """Wrong: who comes with their card sees what another one, who mistyped theirs, has bought."""
    if first == "web":
        web(TOLD)
    receive(SIDE, told.enrolled(SHOWN, card=CARD.value))
    apply()
    if first == "till":
        web(TOLD)
    assert [SHOWN] == known_by_card(feed())


def test_until_then_it_finds_who_wrote_it_down(web, feed, ledger):
    """Wrong: a customer tells their number on the web, and says it once more in the shop (P8)."""
    web(TOLD)
    assert [WEB_PARTY] == known_by_card(feed())
    with writing(ledger) as conn:
        assert WEB_PARTY == find(conn, [CARD])
        publish_cards(conn, [WEB_PARTY])
    assert [WEB_PARTY] == known_by_card(feed())


def known_by_card(told):
    """Give whom tills find by the card."""
    return [
        key.removeprefix("party:")
        for (_, key), (_, body) in told.items()
        if key.startswith("party:")
        and CARD.value in [each["value"] for each in body["identifiers"]]
    ]
