"""Worlds of random merge trees at HQ, undone in any order while the shop goes on (P10).

    python -m tests.central.identity.merge_trees 10000        # a second number: the first world

Merges and undos go through HQ's desk, on a real database; what is compared is whatever HQ would
show: who is one person, what is known of them, what is asked, and now and then cards and histories.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from time import process_time

from msgspec.structs import replace
from sqlalchemy import select

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Interaction
from agent.core.history.canonical import digest as digest_of_map
from agent.core.history.unified import digest
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence
from central.identity.attributes import consent, observe
from central.identity.cards import cards_of
from central.identity.holding import hold
from central.identity.interactions import interactions_of, record
from central.identity.merges import Asked, Desk
from central.identity.parties import Origin, canonicals, ensure
from central.identity.persons import persons_of
from central.ledger.engine import open_engine, writing
from central.ledger.graph_tables import PROPOSALS
from central.ledger.hq import orders_nothing
from central.ledger.migrate import migrate

NOW = "2026-11-02T12:00:00.000Z"
IDS = [f"p-{n}" for n in range(8)]
DEPTH = 6
NAMES = ("Ada Byron", "Ada King Byron", "Charles Babbage")
BEGINNING = 10
"""What happens before the first tree of a world."""
ROUNDS = 20
"""Trees of one world, one after the other; in each something happens."""
WHOLE = 5
"""After so many of them cards and histories are compared, too."""


def said(n):
    return Origin("store-0001/till-1", f"2026-11-01T00:{n % 60:02d}:00.000Z", f"j/{n}")


def lives(conn, draw, n):
    """Have somebody do or say something."""
    party_id = draw.choice(IDS)
    ensure(conn, party_id, said(n))
    observe(
        conn, party_id, {"name": draw.choice(NAMES), "points": str(draw.randrange(90))}, said(n)
    )
    consent(conn, party_id, [ConsentGiven("marketing", "email", draw.random() < 0.5)], said(n))
    kind = draw.choice([IdentifierType.PHONE, IdentifierType.EMAIL, IdentifierType.LOYALTY_CARD])
    told = Identifier(kind, f"+4917139200{draw.randrange(6)}")
    hold(conn, party_id, [told], said(n), draw.choice(list(Evidence)))
    line = Interaction(f"e-{n}", "service.contact", "web", "w", said(n).at, "Asked", "r")
    record(conn, party_id, line, NOW)


def state(conn, *, whole):
    """Sum up what HQ would show of everybody; `whole` with what tills and pages show."""
    canonical = canonicals(conn, IDS)
    people = sorted(set(canonical.values()))
    asked = conn.execute(select(PROPOSALS.c.body).order_by(PROPOSALS.c.body)).scalars().all()
    shown = digest_of_map(canonical), digest(persons_of(conn, people).values()), asked
    if not whole:
        return shown
    cards = {each: replace(card, ver=0) for each, card in cards_of(conn, people).items()}
    lines = [[line.event_id for line in interactions_of(conn, each)] for each in people]
    return *shown, cards, lines


def tree(desk, draw, depth=1):
    """Merge two groups, each of them a tree itself; gives the merges."""
    made = []
    while depth < DEPTH and draw.random() < 0.45:
        made += tree(desk, draw, depth + 1)
    named = draw.sample(IDS, draw.choice([2, 2, 2, 3]))
    asked = Asked("eva", "same person", f"m-{draw.getrandbits(64):x}")
    return [*made, desk.merge(named, asked).merge_id]


def led(conn, seed, rounds):
    """Lead a world's life without any merge; gives the state after each round."""
    goes_on, states = random.Random(seed), []
    for n in range(rounds):
        lives(conn, goes_on, BEGINNING + n)
        states.append(state(conn, whole=n % WHOLE == 0))
    return states


def play(conn, seed, rounds):
    """Play a world of trees; gives the state after each, without any of them, and their merges.

    What happens while merges stand has to happen in a world without them, too: so the same life
    is led twice, from one savepoint.
    """
    draw = random.Random(seed)
    for party_id in IDS:
        ensure(conn, party_id, said(0))
    for n in range(BEGINNING):
        lives(conn, draw, n)
    later = draw.getrandbits(64)
    alone = conn.begin_nested()
    expected = led(conn, later, rounds)
    alone.rollback()
    desk, goes_on, found = Desk(conn, NOW, orders_nothing), random.Random(later), []
    merges = 0
    for n in range(rounds):
        made = tree(desk, draw)
        merges += len(made)
        draw.shuffle(made)
        happens = draw.randrange(len(made))
        for place, merge_id in enumerate(made):
            if place == happens:
                lives(conn, goes_on, BEGINNING + n)
            desk.undo(merge_id, Asked("eva", "two after all"))
        found.append(state(conn, whole=n % WHOLE == 0))
    return expected, found, merges


def prove(ledger, trees, first):
    """Play worlds of trees from a seed on; says how far it is."""
    seen = merged = 0
    for seed in range(first, first + -(-trees // ROUNDS)):
        # Nothing is committed, so no tree waits for the disk.
        with writing(ledger) as conn:
            world = conn.begin_nested()
            expected, found, merges = play(conn, seed, ROUNDS)
            assert expected == found, f"a tree of world {seed} leaves a trace"
            world.rollback()
        seen, merged = seen + ROUNDS, merged + merges
        yield f"{seen} trees of {merged} merges undone at HQ, digest-equal; world {seed}"


def main(trees, first=100):
    """Prove it on a database of its own, and say how far it is."""
    with tempfile.TemporaryDirectory() as place:
        ledger = open_engine(Path(place) / "central.sqlite")
        migrate(ledger)
        for said in prove(ledger, trees, first):
            sys.stdout.write(f"{said}, {process_time():.0f} s of CPU\n")
            sys.stdout.flush()
        ledger.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
