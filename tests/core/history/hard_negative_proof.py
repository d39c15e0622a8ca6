"""People who are easily taken for one another, before the rules: is anybody joined with another?

    python -m tests.core.history.hard_negative_proof 100000     # pairs; a second number: the seed

All of them are told in random order and parts, a hundred cases into one graph. It prints, for each
kind of case, how many pairs of different people became one person by rule, and how many meetings of
one person with what is theirs alone were left apart.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from itertools import combinations
from time import process_time

from agent.core.history.graph import seen
from agent.core.history.graph_held import Graph
from agent.core.history.graph_set import link
from agent.core.recognition.means import Identifier, IdentifierType
from tests.core.history.hard_negatives import KINDS, OPEN, TOLD, Crowd

TOGETHER = 100
"""Cases of one graph: the chain's own e-mail is typed in for several of them."""
PARTS = (20, 50, 200)


def facts_of(telling, n):
    """Give what HQ would write down of a telling, nothing of it in doubt."""
    held = {
        IdentifierType.LOYALTY_CARD: telling.card,
        IdentifierType.PHONE: telling.phone,
        IdentifierType.EMAIL: telling.email,
        IdentifierType.WEB_ACCOUNT: telling.account,
        IdentifierType.PAR: telling.par,
    }
    named = [Identifier(kind, value) for kind, value in held.items() if value]
    return seen(
        telling.party,
        f"e-{n}",
        observed=[each for each in named if each.type.value not in telling.verified],
        verified=[each for each in named if each.type.value in telling.verified],
        name=telling.name,
        birth_date=telling.birth_date,
    )


def counted(cases, chosen, shown=None):
    """Count pairs of different people, those who are one person, and who was not found again.

    Args:
        cases: as they were made.
        chosen: canonical id of a party.
        shown: party of a telling where it is not the telling's own.

    Returns:
        By kind: pairs, pairs joined, people met again, of them still apart.
    """
    found = Counter()
    for case in cases:
        ids, again = {}, {}
        for each in case.tellings:
            if _is_shared(case, each.account):
                # The web store has one customer there, whoever of them it is.
                continue
            party = shown[each.party] if shown else each.party
            ids.setdefault(each.person, set()).add(chosen[party])
            for own in _own(case, each):
                again.setdefault((each.person, own), set()).add(chosen[party])
        for one, other in combinations(ids.values(), 2):
            found[case.kind, "pairs"] += 1
            found[case.kind, "joined"] += not one.isdisjoint(other)
        for some in again.values():
            found[case.kind, "again"] += 1
            found[case.kind, "apart"] += len(some) > 1
    return found


def _is_shared(case, account):
    return account and len({each.person for each in case.tellings if each.account == account}) > 1


def _own(case, telling):
    """Give the accounts of a telling that are this person's alone, and told of more than once."""
    told = [each for each in case.tellings if each.how != "paid"]
    for kind in ("card", "account"):
        value = getattr(telling, kind)
        holders = [each.person for each in told if value and getattr(each, kind) == value]
        if _is_shared(case, telling.account):
            continue
        if len(holders) > 1 and len(set(holders)) == 1:
            yield kind


def judged(cases, draw):
    """Tell some cases to one graph, in any order and in parts; gives who is who."""
    told = [facts_of(each, n) for n, each in enumerate(t for case in cases for t in case.tellings)]
    draw.shuffle(told)
    graph = Graph()
    while told:
        size = draw.choice(PARTS)
        graph, told = link(graph, [fact for facts in told[:size] for fact in facts]), told[size:]
    return graph.canonical


def prove(pairs, seed=1, kinds=None):
    """Judge so many pairs of people; gives the counts."""
    kinds = list(kinds or (*KINDS, *OPEN))
    draw, found = random.Random(seed), Counter()
    waiting = []
    for case in Crowd(seed).cases(kinds, pairs):
        waiting.append(case)
        if len(waiting) == TOGETHER:
            found += counted(waiting, judged(waiting, draw))
            waiting = []
    return found + counted(waiting, judged(waiting, draw))


def report(found):
    """Say it kind by kind; gives whether nobody was joined who could be told apart."""
    say(f"{'kind':38}{'pairs':>8}{'joined':>8}{'met again':>11}{'left apart':>11}")
    for kind in (*KINDS, *OPEN, *TOLD):
        if not found[kind, "pairs"]:
            continue
        told = [found[kind, each] for each in ("pairs", "joined", "again", "apart")]
        say(f"{kind:38}{told[0]:8}{told[1]:8}{told[2]:11}{told[3]:11}")
    pairs, joined, again, apart = (
        sum(found[kind, each] for kind in KINDS) for each in ("pairs", "joined", "again", "apart")
    )
    open_pairs, open_joined = (
        sum(found[kind, each] for kind in (*OPEN, *TOLD)) for each in ("pairs", "joined")
    )
    say(
        f"{pairs} pairs that can be told apart: {joined} joined; {again} people met again: {apart} "
        f"left apart; {open_pairs} pairs that nothing tells apart: {open_joined} joined"
    )
    return joined * 100_000 <= pairs and not apart


def say(line):
    """Print a line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(pairs=100_000, seed=1):
    """Run the proof; gives the exit code."""
    # Some kinds more are open: as many pairs as were asked for can be told apart.
    good = report(prove(pairs * len((*KINDS, *OPEN)) // len(KINDS) + 1, seed))
    say(f"{process_time():.0f} s of CPU")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
