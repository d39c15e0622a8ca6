"""Small words for facts of the identity graph, and random worlds of them, by seed."""

from __future__ import annotations

from agent.core.history.canonical import members_of
from agent.core.history.graph import (
    Block,
    Erasure,
    IdentifierEdge,
    PartyEdge,
    Retraction,
    Tie,
    Trait,
    TraitKind,
    seen,
)
from agent.core.history.graph_held import Graph
from agent.core.history.graph_rules import BOOK
from agent.core.history.graph_set import link
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence

NAMES = ("Ada Byron", "Ada King Byron", "Ada Anna Byron", "Charles Babbage", "Ada")
_TYPES = (
    IdentifierType.LOYALTY_CARD,
    IdentifierType.WEB_ACCOUNT,
    IdentifierType.EMAIL,
    IdentifierType.PHONE,
    IdentifierType.ORDER_NO,
)


def card(n):
    return Identifier(IdentifierType.LOYALTY_CARD, f"LC{n}")


def account(n):
    return Identifier(IdentifierType.WEB_ACCOUNT, f"webshop/{n}")


def email(n):
    return Identifier(IdentifierType.EMAIL, f"ada{n}@example.com")


def phone(n):
    return Identifier(IdentifierType.PHONE, f"+4930{1000000 + n}")


def order(n):
    return Identifier(IdentifierType.ORDER_NO, f"W{n}")


def same(event, *ends, line=0):
    return PartyEdge(Tie.SAME, *ends, event=event, line=line)


def differ(event, *ends, line=0):
    return PartyEdge(Tie.DIFFERENT, *ends, event=event, line=line)


def perhaps(event, *ends, weight=9000):
    return PartyEdge(Tie.CANDIDATE, *ends, "splink-5", weight, event=event)


def objected(event, party):
    return Trait(TraitKind.OBJECTED, party, "profiling", event=event)


def a_world(rng, parties, facts):
    """Make changes of all kinds among few parties and fewer identifiers, so that much collides."""
    ids = [f"p{n}" for n in range(parties)]
    identifiers = [Identifier(kind, f"{kind.value}{n}") for kind in _TYPES for n in range(4)]
    return [_change(rng, f"e{n}", ids, identifiers, facts) for n in range(facts)]


def _change(rng, event, ids, identifiers, facts):
    kinds = ["hold", "same", "differ", "perhaps", "trait", "block", "erase", "retract"]
    kind = rng.choices(kinds, [55, 10, 7, 4, 14, 2, 1, 7])[0]
    one, other = rng.choice(ids), rng.choice(ids)
    if kind == "hold":
        return IdentifierEdge(rng.choice(list(Evidence)), one, rng.choice(identifiers), event=event)
    if kind == "trait":
        what = rng.choices(list(TraitKind), [6, 2, 1])[0]
        value = rng.choice(NAMES if what is TraitKind.NAME else ("1980-01-01", "1990-02-02"))
        return Trait(what, one, value, event=event)
    if kind == "block":
        return Block(rng.choice(identifiers), event=event)
    if kind == "erase":
        return Erasure(one, event=event)
    if kind == "retract":
        return Retraction(f"e{rng.randrange(facts)}#0", event)
    return {"same": same, "differ": differ, "perhaps": perhaps}[kind](event, one, other)


def a_chain(rng, enrolments, duplicates=30):
    """Enrol at many tills: some persons several times, by what they had with them that day.

    Args:
        rng: seeded.
        enrolments: how many.
        duplicates: percent of them that are of somebody who was enrolled before.

    Returns:
        For each enrolment its party, its person and its changes; later proofs and merges at last.
    """
    people, told = [], []
    for n in range(enrolments):
        again = people and rng.randrange(100) < duplicates
        person = rng.choice(people) if again else n
        people += [] if again else [n]
        told.append((f"party-{n}", person, _met(rng, n, person)))
    return told + [_later(rng, n, told) for n in range(enrolments // 10)]


def _met(rng, n, person):
    with_them = [
        rng.choice([card(person), email(person), phone(person)]),
        rng.choice([card(person), account(person), order(n)]),
    ]
    proved = [rng.choice([email(person), phone(person)])] if rng.randrange(2) else []
    name = f"Ada{person % 97} Byron{person % 89}" if rng.randrange(3) else ""
    return seen(f"party-{n}", f"enrol-{n}", observed=with_them, verified=proved, name=name)


def _later(rng, n, told):
    party, person, _ = rng.choice(told)
    other, _, before = rng.choice(told)
    kind = rng.randrange(5)
    if kind == 0:
        return party, person, (same(f"later-{n}", party, other),)
    if kind == 1:
        return party, person, (differ(f"later-{n}", party, other),)
    if kind == 2:
        return party, person, (Retraction(before[0].fact_id, f"later-{n}"),)
    return party, person, seen(party, f"later-{n}", verified=[email(person), phone(person)])


def linked(*changes, book=BOOK):
    """Link changes, and tuples of changes, into an empty graph."""
    flat = [each for change in changes for each in (change if type(change) is tuple else (change,))]
    return link(Graph(), flat, book)


def persons(graph):
    """Give the ids of each person that has more than one."""
    return sorted(sorted(ids) for ids in members_of(graph.canonical).values() if len(ids) > 1)


def asked(graph):
    """Give what a person is asked: two ids and the doubt."""
    found = {each for some in graph.proposals.values() for each in some}
    return sorted((each.one, each.other, each.doubt.name) for each in found)
