"""Proposals for a steward: found among all, never merged, withdrawn when they do not hold."""

from __future__ import annotations

import json
import random

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from agent.core.entries.bodies import ConsentGiven
from agent.core.history.graph import PartyEdge, Tie
from agent.core.recognition.means import Identifier, IdentifierType
from central.daemon.cli import app
from central.identity import candidate_splink
from central.identity.attributes import consent, observe
from central.identity.candidate_pairs import sound
from central.identity.candidate_records import record_of, records
from central.identity.candidate_rules import RULE, propose
from central.identity.candidates import look_for_candidates
from central.identity.graph import say
from central.identity.parties import Origin, canonicals, ensure
from central.identity.spelling import slips
from central.ledger.engine import open_engine, reading, writing
from central.ledger.graph_tables import CANONICAL, PROPOSALS

AT = "2026-11-02T12:00:00.000Z"
ADA = {"name": "Ada Byron", "birth_date": "1980-01-02", "postcode": "10115", "city": "Berlin"}


def crowd(conn, count=60):
    """Enrol people who share nothing, so that what two share is rare."""
    for n in range(count):
        met(conn, f"x-{n:02d}", {"name": f"{chr(97 + n % 26) * 3}{n} {chr(65 + n % 25) * 4}{n}"})


def met(conn, party_id, fields):
    ensure(conn, party_id, Origin("store-0001/till-1", AT))
    observe(conn, party_id, fields, Origin("store-0001/till-1", AT, f"e/{party_id}"))


def night(engine, number):
    return look_for_candidates(engine, RULE, propose, run=f"night-{number}", at=AT)


def proposed(engine):
    with reading(engine) as conn:
        return {(row.one, row.other) for row in conn.execute(select(PROPOSALS))}


@pytest.mark.both_databases
def test_who_may_be_one_person_is_proposed_once_and_nobody_merged(ledger):
    """A steward would be asked the same every morning, or find two people merged by a guess."""
    with writing(ledger) as conn:
        crowd(conn)
        met(conn, "a-1", ADA)
        met(conn, "a-2", ADA | {"name": "Ada Biron"})
    first, second = night(ledger, 1), night(ledger, 2)
    assert (62, 1, 1, 0) == (first.records, first.pairs, first.proposed, first.withdrawn)
    assert (1, 0, 0) == (second.pairs, second.proposed, second.withdrawn)
    assert {("a-1", "a-2")} == proposed(ledger)
    with reading(ledger) as conn:
        assert [] == conn.execute(select(CANONICAL)).all()


@pytest.mark.both_databases
def test_what_was_put_right_is_not_asked_any_more_and_comes_back_when_it_is_so_again(ledger):
    """Stewards would work off questions whose reason is long gone."""
    with writing(ledger) as conn:
        crowd(conn)
        met(conn, "a-1", ADA)
        met(conn, "a-2", ADA)
    night(ledger, 1)
    with writing(ledger) as conn:
        met(conn, "a-2", {"name": "Eve Sommer", "birth_date": "1999-12-31", "postcode": "80331"})
    second = night(ledger, 2)
    assert (0, 0, 1) == (second.pairs, second.proposed, second.withdrawn)
    assert set() == proposed(ledger)
    with writing(ledger) as conn:
        met(conn, "a-2", ADA)
    assert 1 == night(ledger, 3).proposed
    assert {("a-1", "a-2")} == proposed(ledger)


@pytest.mark.parametrize("tie", [Tie.SAME, Tie.DIFFERENT])
def test_what_somebody_has_decided_is_not_asked(ledger, tie):
    """A steward's word would count for one night."""
    with writing(ledger) as conn:
        crowd(conn)
        met(conn, "a-1", ADA)
        met(conn, "a-2", ADA)
        say(conn, [PartyEdge(tie, "a-1", "a-2", event="steward-1")])
    assert 0 == night(ledger, 1).pairs
    with reading(ledger) as conn:
        one = canonicals(conn, ["a-1", "a-2"])
    assert (tie is Tie.SAME) == (one["a-1"] == one["a-2"])


def test_who_refused_to_be_profiled_is_not_compared(ledger):
    """An objection to profiling would hold everywhere but in the night."""
    with writing(ledger) as conn:
        met(conn, "a-1", ADA)
        met(conn, "a-2", ADA)
        no = ConsentGiven(purpose="profiling", contact="any", given=False)
        consent(conn, "a-2", [no], Origin("store-0001/till-1", AT, "e/no"))
        ensure(conn, "a-3", Origin("store-0001/till-1", AT))
    with reading(ledger) as conn:
        assert ["a-1"] == [each.party_id for each in records(conn)]


def person(n, **fields):
    return record_of(f"p-{n:03d}", fields, ())


def others():
    """Give people of whom no two are alike."""
    draw = random.Random(1)

    def word():
        return "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=8))

    return [person(100 + n, name=f"{word()} {word()}", postcode=f"{20000 + n}") for n in range(60)]


HOME = {"street": "Hauptstr. 5", "postcode": "10115", "city": "Berlin"}
SAME = [
    ({"name": "Ada Byron", "birth_date": "1980-01-02"}, {"name": "Byron, Ada"}),
    ({"name": "Ada Byron", "birth_date": "1980-02-01"}, {"birth_date": "1980-01-02"}),
    ({"name": "Ada Byron", "birth_date": "1980-01-02"}, {"name": "Ada Lovelace"}),
    ({"name": "Friederike Maier"} | HOME, {"name": "Friderike Mayer"}),
]
OTHERS = [
    ({"name": "Ada Byron", "birth_date": "1980-01-02"} | HOME, {"name": "Tom Byron"}, "1951-07-30"),
    ({"name": "Ada Byron", "birth_date": "1980-01-02"}, {"name": "Zoe Zorn"}, "1966-05-04"),
]


@pytest.mark.parametrize(("said", "otherwise"), SAME)
def test_slips_swaps_and_a_new_name_are_seen_through(said, otherwise):
    """Who is written differently would stay two customers for ever."""
    one = person(1, **(HOME | said))
    other = person(2, **(HOME | said | otherwise))
    assert [("p-001", "p-002")] == list(propose([one, other, *others()]))


@pytest.mark.parametrize(("said", "otherwise", "born"), OTHERS)
def test_a_family_at_one_address_is_no_duplicate(said, otherwise, born):
    """A steward would be asked about every father and daughter."""
    one = person(1, **(HOME | said))
    other = person(2, **(HOME | said | otherwise | {"birth_date": born}))
    assert {} == propose([one, other, *others()])


def test_what_everybody_has_says_nothing():
    """A shop's own telephone would make one person of all who were given it."""
    phone = (Identifier(IdentifierType.PHONE, "+49301234567"),)
    some = [record_of(f"p-{n}", {"name": f"Given{n} Family{n}"}, phone) for n in range(80)]
    assert {} == propose(some)


def test_slips_are_counted_as_far_as_anybody_asks():
    """A swap would count as two slips, or a long word take long."""
    assert [0, 1, 1, 2, None] == [
        slips(*pair, 2)
        for pair in (
            ("ada", "ada"),
            ("ab", "ba"),
            ("ada", "adda"),
            ("maier", "mayr"),
            ("a", "bcde"),
        )
    ]
    assert "s" == sound("s")


@pytest.mark.untraced
def test_splink_finds_them_too():
    """Whoever installs the extra would get no candidates, or other ids than HQ's."""
    told = [
        {"name": f"Given{n % 97} Family{n}", "birth_date": f"19{n % 80 + 10}-0{n % 9 + 1}-1{n % 9}"}
        for n in range(600)
    ]
    some = [person(n, **each) for n, each in enumerate(told)]
    twins = [person(700 + n, **each) for n, each in enumerate(told[:80])]
    found = candidate_splink.propose([*some, *twins])
    wanted = {(f"p-{n:03d}", f"p-{700 + n}") for n in range(80)}
    assert wanted == wanted & found.keys()
    assert all(5000 <= weight <= 10_000 for weight in found.values())
    assert "splink-5" == candidate_splink.version()


def test_the_command_says_what_it_found(tmp_path):
    """A timer's log would not tell whether anybody has to look."""
    config = tmp_path / "central.toml"
    config.write_text(f'[central]\nstate_dir = "{tmp_path}"\n')
    call = CliRunner().invoke
    assert 0 == call(app, ["migrate", "--config", str(config)]).exit_code
    engine = open_engine(tmp_path / "central.sqlite")
    with writing(engine) as conn:
        crowd(conn)
        met(conn, "a-1", ADA)
        met(conn, "a-2", ADA)
    engine.dispose()
    said = call(app, ["candidates", "--config", str(config), "--model", "own", "--json"])
    told = json.loads(said.stdout)
    assert (RULE, 62, 1, 1) == (told["model"], told["records"], told["pairs"], told["proposed"])
    again = call(app, ["candidates", "--config", str(config), "--model", "auto"])
    assert (0, True) == (again.exit_code, "0 new" in again.stdout)
