"""Made-up persons that nobody has looked at: sets like FEBRL's, made anew from a number.

The kinds of slips are those that FEBRL's generator is described by (Christen, "Probabilistic data
generation for deduplication and data linkage", 2005): letters left out, put in, mistaken and
swapped, words parted, joined and swapped, names in each other's place, values missing and values of
somebody else. Names and places are Faker's, some frequent and most rare. In the last set three in
ten share their home and family name with the one before.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from tests.central.identity.febrl import Person

FIELDS = ("given", "family", "birth_date", "number", "address", "postcode", "city", "card")
WORDS = ("given", "family", "address", "city")
LETTERS, FIGURES = "abcdefghijklmnopqrstuvwxyz", "0123456789"
SLIPS = ("out", "in", "mistaken", "swapped")
KEPT_LONG = {"birth_date": SLIPS[2:]}
"""A date keeps its form; no form takes another."""
LOCALE, SEED = "de_DE", 20261123
"""No model was looked at on these: they were run when the one they judge was committed."""
SHARED_HOME = 0.3
ABSENT = {"given": 0.03, "family": 0.01, "birth_date": 0.06, "number": 0.04}
"""How many have never said it."""


class Kind(NamedTuple):
    """What a set is like."""

    persons: int
    duplicates: int
    most: int
    """Duplicates of one person."""
    slips: int
    """At most of one duplicate, two of one field."""
    with_families: bool = False


KINDS = {
    "few": Kind(persons=4000, duplicates=1000, most=5, slips=4),
    "many": Kind(persons=2000, duplicates=3000, most=5, slips=10),
    "families": Kind(persons=1000, duplicates=1500, most=5, slips=6, with_families=True),
}


class Stock:
    """Values, and how often each comes: the n-th one n-th as often as the first (Zipf)."""

    def __init__(self, make, count, tries=20):
        """Make as many different values as asked for, or as there are."""
        made = dict.fromkeys(make().lower() for _ in range(count * tries))
        self.values = list(made)[:count]
        self.often = list(accumulate(1 / (n + 10) for n in range(len(self.values))))

    def one(self, draw):
        """Draw one."""
        return draw.choices(self.values, cum_weights=self.often)[0]


class Country:
    """Where the people of a set live, and what they are called."""

    def __init__(self, locale, seed):
        """Make the names and places of a country."""
        from faker import Faker

        fake = Faker(locale)
        fake.seed_instance(seed)
        self.stock = {
            "given": Stock(fake.first_name, 500),
            "family": Stock(fake.last_name, 1200),
            "address": Stock(fake.street_name, 1500, tries=3),
            "city": Stock(fake.city, 400, tries=5),
        }

    def value(self, field, draw):
        """Draw what somebody says in a field."""
        if field in self.stock:
            return self.stock[field].one(draw)
        if field == "birth_date":
            day = date(1930, 1, 1) + timedelta(draw.randrange(75 * 365))
            return day.isoformat()
        return str(draw.randrange(*_RANGES[field]))

    def home(self, draw):
        """Draw where somebody lives: each place has a few postcodes of its own."""
        city = self.value("city", draw)
        postcode = str(1000 + self.stock["city"].values.index(city) * 17 + draw.randrange(4))
        home = {field: self.value(field, draw) for field in ("number", "address")}
        return home | {"city": city, "postcode": postcode}


_RANGES = {"number": (1, 250), "postcode": (1000, 9999), "card": (10**8, 10**9)}


def people(name, locale=LOCALE, seed=SEED):
    """Make a set; the same of the same country and number."""
    kind = KINDS[name]
    draw, country = random.Random(seed), Country(locale, seed)
    cards = draw.sample(range(*_RANGES["card"]), kind.persons)
    some, home = [], {}
    for n, card in enumerate(cards):
        family = {"family": country.value("family", draw)} | country.home(draw)
        if not (kind.with_families and home and draw.random() < SHARED_HOME):
            home = family
        alone = {each: country.value(each, draw) for each in ("given", "birth_date")}
        known = {field: _said(draw, field, home | alone) for field in ABSENT}
        some.append(home | known | {"card": f"{card}", "n": n})
    again = [_again(draw, country, kind, some[n]) for n in _chosen(draw, kind)]
    return [_person(each, n) for n, each in enumerate([*some, *again])]


def _said(draw, field, told):
    return "" if draw.random() < ABSENT.get(field, 0) else told[field]


def _chosen(draw, kind):
    """Say who is met again, mostly once and some often."""
    left = kind.duplicates
    for n in draw.sample(range(kind.persons), kind.persons):
        [times] = draw.choices(
            range(kind.most + 1), [1 / (each + 1) for each in range(kind.most + 1)]
        )
        yield from [n] * min(left, times)
        left -= min(left, times)


def _again(draw, country, kind, said):
    again, left = dict(said), draw.randint(1, kind.slips)
    fields = [field for field in FIELDS for _ in range(2)]
    for field in draw.sample(fields, left):
        again = again | _slipped(draw, country, field, again)
    return again


def _slipped(draw, country, field, said):
    """Write one field as it comes out wrong; gives what changes."""
    chance, value = draw.random(), said[field]
    if not value or chance < 0.06:
        return {field: country.value(field, draw)}
    if chance < 0.12:
        return {field: ""}
    if chance < 0.18 and field in {"given", "family"}:
        return {"given": said["family"], "family": said["given"]}
    if chance < 0.30 and field in WORDS:
        return {field: _parted(draw, value)}
    signs = LETTERS if field in WORDS else FIGURES
    return {field: _slip(draw, value, signs, draw.choice(KEPT_LONG.get(field, SLIPS)))}


def _parted(draw, value):
    """Put a blank in, take one out, or swap two words."""
    words = value.split()
    if len(words) == 1:
        at = draw.randrange(len(value))
        return f"{value[:at]} {value[at:]}".strip()
    at = draw.randrange(len(words) - 1)
    if draw.random() < 0.5:
        return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])
    return " ".join([*words[:at], words[at + 1], words[at], *words[at + 2 :]])


def _slip(draw, value, signs, kind):
    at = draw.choice([n for n, sign in enumerate(value) if sign.isalnum()])
    sign, before, after = draw.choice(signs), value[:at], value[at + 1 :]
    if kind == "out":
        return (before + after).strip()
    if kind == "in":
        return before + sign + value[at:]
    if kind == "swapped" and after and after[0].isalnum():
        return before + after[0] + value[at] + after[1:]
    return before + sign + after


def _person(said, n):
    told = {field: said[field] for field in FIELDS}
    return Person(source_id=f"rec-{n}", person=f"{said['n']}", **told)
