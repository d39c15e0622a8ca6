"""FEBRL through HQ's own code, beside Splink and recordlinkage: `make febrl`.

Each set is written as a CSV, imported as customers of another system, settled by the rules of the
identity graph and looked through for candidates. What is counted is what HQ's tables say then.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
import warnings
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from agent.core.history.canonical import components
from central.channels.imports import import_customers
from central.identity import candidate_rules, candidate_splink
from central.identity.candidates import look_for_candidates
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import open_engine, reading
from central.ledger.graph_tables import CANONICAL, PROPOSALS
from central.ledger.migrate import migrate
from tests.central.identity import febrl

AT = "2026-11-02T12:00:00.000Z"
COLUMNS = ("source_id", "name", "birth_date", "street", "postcode", "city", "card", "country")
OWN = candidate_rules.RULE, candidate_rules.propose


class Judged(NamedTuple):
    """What HQ says of a set; figures are precision, recall and F1 in ten thousandths."""

    merged: set
    """Pairs that are one person by rule."""
    asked: set
    """Pairs a steward is asked about, by rules and model."""
    figures: tuple
    """Of both together, as they stand."""
    closed: tuple
    """The same, if who is like one is like all that are like them."""


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
    return looked(engine, some, model)


def looked(engine, some, model):
    """Look for candidates among those who were imported, and read what HQ says."""
    look_for_candidates(engine, *model, run="night-1", at=AT)
    true = febrl.true_pairs(some)
    with reading(engine) as conn:
        source = dict(conn.execute(select(PARTIES.c.party_id, PARTIES.c.source_id)).all())
        canonical = conn.execute(select(CANONICAL.c.party_id, CANONICAL.c.canonical_id)).all()
        asked = conn.execute(select(PROPOSALS.c.one, PROPOSALS.c.other)).all()
    merged = _closed((source[one], source[other]) for one, other in canonical)
    asked = {tuple(sorted((source[one], source[other]))) for one, other in asked}
    found = merged | asked
    return Judged(merged, asked, febrl.figures(found, true), febrl.figures(_closed(found), true))


def recordlinkage_finds(some):
    """Give what recordlinkage finds by expectation maximisation, with the blocks of its manual."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        import recordlinkage as rl

        table = pd.DataFrame(some).set_index("source_id").replace("", None)
        names = table["name"].str.rsplit(" ", n=1, expand=True)
        table["given"], table["family"] = names[0], names[1]
        index = rl.Index()
        for block in ("given", "family", "birth_date", "postcode"):
            index.block(block)
        links = index.index(table)
        compare = rl.Compare()
        for name in ("given", "family", "street", "city"):
            compare.string(name, name, method="jarowinkler", threshold=0.85)
        compare.exact("birth_date", "birth_date")
        compare.exact("postcode", "postcode")
        found = rl.ECMClassifier().fit_predict(compare.compute(links, table))
    return {tuple(sorted(pair)) for pair in found}


def _closed(pairs):
    pairs = list(pairs)
    groups = components({end for pair in pairs for end in pair}, pairs)
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def _models():
    return {"own rules": OWN, "Splink": (candidate_splink.version(), candidate_splink.propose)}


def report(names=("1", "2", "3", "4")):
    """Print the table; gives whether nothing false was merged and no figure was below another's."""
    good = True
    say(
        "set  strong id  by          false merges  merges: R   with candidates: P, R, F1, F1 closed"
    )
    for name in names:
        some = febrl.people(name)
        true = febrl.true_pairs(some)
        others = []
        for with_card in (True, False):
            for model, judged in _judged(some, with_card=with_card):
                false = len(judged.merged - true)
                _, recall, _ = febrl.figures(judged.merged, true)
                said = (*judged.figures, judged.closed[2])
                kind = "card" if with_card else "none"
                say(f"{name:4} {kind:10} {model:11} {false:12}  {recall:9}   {said}")
                good &= false == 0
                if not with_card:
                    others.append((model, max(judged.figures[2], judged.closed[2])))
        found = recordlinkage_finds(some)
        figures = (*febrl.figures(found, true), febrl.figures(_closed(found), true)[2])
        say(f"{name:4} {'none':10} {'recordlinkage':25}  {'':8}   {figures}")
        others.append(("recordlinkage", max(figures[2:])))
        good &= others[0][1] >= max(value for _, value in others)
    return good


def _judged(some, *, with_card):
    """Import a set once, and have each model look at a copy of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        engine = open_engine(folder / "central.sqlite")
        migrate(engine)
        import_customers(engine, write(some, folder / "febrl.csv", with_card=with_card))
        engine.dispose()
        for n, (model, how) in enumerate(_models().items()):
            copied = open_engine(shutil.copy(folder / "central.sqlite", folder / f"{n}.sqlite"))
            yield model, looked(copied, some, how)
            copied.dispose()


def say(line):
    """Print a line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(0 if report(tuple(sys.argv[1:]) or ("1", "2", "3", "4")) else 1)
