"""Who of a million customers may be one person: the night's look for candidates, whole.

An HQ database of the true schema, with customers as an import leaves them: names of which few are
frequent and many rare, families at one address, birth dates of some, an e-mail or a telephone of
most, and one in twenty met a second time, written with slips. `till-central candidates` runs as
IT's timer has it, on all cores: from the command to its end, the proposals written. Peak memory is
the whole program's. Base: the same records read once, portion by portion.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import Engine

from benchmarks.hq import CENTRAL
from benchmarks.table import Row
from central.identity.candidate_records import everybody
from central.ledger.engine import open_engine, writing

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
MOST_S = 60 if CUSTOMERS <= 1_000_000 else 600
MOST_GB = 2.5
PORTION = 10_000
TWICE = 20
"""Every so many-th customer is met a second time."""
SEED = 1
AT = "2026-11-02T12:00:00.000Z"
_STARTS = ("b", "br", "d", "f", "g", "gr", "h", "k", "kl", "l", "m", "n", "p", "r", "s", "sch", "t")
_ENDS = ("a", "an", "e", "el", "en", "er", "i", "ich", "in", "ke", "o", "ol", "or", "u", "us")
_REACHED = ("email", "phone")
# What differs is a parameter; the rest is written here once.
_PARTY = f"""INSERT INTO party (party_id, kind, state, origin, created_at, ver)
    VALUES (?, 'person', 'active', 'import', '{AT}', 1)"""  # noqa: S608
_WORD = f"""INSERT INTO attribute (party_id, field, value, folded, source, strength, event,
    observed_at, heard_at) VALUES (?, ?, ?, ?, 'import', 1, 'import/1', '{AT}', '{AT}')"""  # noqa: S608
_MEANS = f"""INSERT INTO identifier (party_id, type, value, evidence, event, source, observed_at)
    VALUES (?, ?, ?, 1, 'import/1', 'import', '{AT}')"""  # noqa: S608
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
Customer = dict[str, str]
"""What is said of somebody, by field; identifiers among it."""


def run() -> list[Row]:
    """Fill a database, read it once, and run the night."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        config = filled(Path(folder).resolve())
        engine = open_engine(config.parent / "central" / "central.sqlite")
        began = perf_counter()
        read = sum(1 for _ in everybody(engine))
        base_s = perf_counter() - began
        engine.dispose()
        spent_s, peak_gb, found = _night(config)
    assert read == found["records"] == CUSTOMERS
    millions = f"candidates among {CUSTOMERS:,} customers"
    return [
        Row("reading them once (base)", base_s, "s"),
        Row(millions, spent_s, "s", spent_s / base_s, f"<= {MOST_S} s", spent_s <= MOST_S),
        Row("peak memory of it", peak_gb, "GB", None, f"<= {MOST_GB} GB", peak_gb <= MOST_GB),
        Row("pairs proposed", found["pairs"], "pairs"),
    ]


def _night(config: Path) -> tuple[float, float, dict[str, int]]:
    """Run the command; gives seconds, its highest resident memory in GB, and what it found."""
    began = perf_counter()
    night = subprocess.Popen(
        [*CENTRAL, "candidates", "--json", "--config", str(config)], stdout=subprocess.PIPE
    )
    assert night.stdout
    said = night.stdout.read()
    _, status, used = os.wait4(night.pid, 0)
    assert not status, said
    return perf_counter() - began, used.ru_maxrss / 1_000_000, json.loads(said)


def filled(folder: Path) -> Path:
    """Make an HQ's database with the customers in it; gives the settings file."""
    config = folder / "central.toml"
    config.write_text(f'[central]\nstate_dir = "{folder / "central"}"\n')
    (folder / "central").mkdir(mode=0o700)
    subprocess.run([*CENTRAL, "migrate", "--config", str(config)], check=True, capture_output=True)
    engine = open_engine(folder / "central" / "central.sqlite")
    some = customers(CUSTOMERS)
    for start in range(0, CUSTOMERS, PORTION):
        _keep(engine, start, list(islice(some, PORTION)))
    engine.dispose()
    return config


def customers(count: int) -> Iterator[Customer]:
    """Make up so many, the same at every call."""
    draw = random.Random(SEED)
    given, family, city = _words(draw, 3_000), _words(draw, 40_000), _words(draw, 8_000)
    streets = [f"{word}{end}" for word in _words(draw, 20_000) for end in ("str.", "weg")]
    of_given, of_family, of_city = (_often(words) for words in (given, family, city))
    home: Customer = {}
    said: Customer = {}
    for n in range(count):
        if n % TWICE == TWICE - 1:
            yield _again(draw, said)
            continue
        if not home or draw.random() > 0.4:
            place = draw.choices(range(len(city)), cum_weights=of_city)[0]
            street = f"{draw.choice(streets)} {draw.randrange(1, 180)}"
            postcode = f"{10_000 + place * 11 + draw.randrange(9)}"
            [name] = draw.choices(family, cum_weights=of_family)
            home = {"family": name, "street": street, "postcode": postcode, "city": city[place]}
        [name] = draw.choices(given, cum_weights=of_given)
        said = home | {"name": f"{name} {home['family']}"} | _known(draw, n)
        del said["family"]
        yield said


def _known(draw: random.Random, n: int) -> Customer:
    """Make up what only some say: half of them their birth date, most how to reach them."""
    known = {}
    if draw.random() < 0.5:
        year, month, day = draw.randrange(1940, 2008), draw.randrange(1, 13), draw.randrange(1, 29)
        known["birth_date"] = f"{year}-{month:02}-{day:02}"
    if draw.random() < 0.6:
        known["email"] = f"customer{n}@mail.example"
    if draw.random() < 0.4:
        known["phone"] = f"+49151{10_000_000 + n}"
    return known


def _again(draw: random.Random, said: Customer) -> Customer:
    """Write somebody once more: a slip in two fields, reached in another way or not at all."""
    again = {field: each for field, each in said.items() if field not in _REACHED}
    for field in draw.sample(sorted(again), 2):
        at = draw.randrange(len(again[field]))
        again[field] = again[field][:at] + draw.choice(_LETTERS) + again[field][at + 1 :]
    return again


def _words(draw: random.Random, count: int) -> list[str]:
    """Make up so many words, no two alike."""
    made: dict[str, None] = {}
    while len(made) < count:
        middle = "".join(draw.choice(_STARTS) + draw.choice("aeiou") for _ in range(2))
        made[middle + draw.choice(_STARTS) + draw.choice(_ENDS)] = None
    return list(made)


def _often(words: list[str]) -> list[float]:
    """Say how often each word comes, summed up: the n-th one n-th as often as the first (Zipf)."""
    return list(accumulate(1 / (n + 10) for n in range(len(words))))


def _keep(engine: Engine, start: int, some: list[Customer]) -> None:
    ids = [f"0190{n:08x}-0000-7000-8000-{n:012x}" for n in range(start, start + len(some))]
    told = [(ids[n], field, text) for n, said in enumerate(some) for field, text in said.items()]
    with writing(engine) as conn:
        conn.exec_driver_sql(_PARTY, [(each,) for each in ids])
        conn.exec_driver_sql(_WORD, [(*each, each[2].lower()) for each in told if _is_word(each)])
        conn.exec_driver_sql(_MEANS, [each for each in told if not _is_word(each)])


def _is_word(told: tuple[str, str, str]) -> bool:
    return told[1] not in _REACHED
