"""Proposals for a steward: found among all, never merged, withdrawn when they do not hold."""

from __future__ import annotations

import json
import random
from functools import partial

import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Strength
from agent.core.history.graph import PartyEdge, Tie
from central.daemon.cli import app
from central.identity import candidate_records, candidate_splink, candidate_tables
from central.identity.attributes import consent, folded, observe
from central.identity.candidate_pairs import pairs, sound
from central.identity.candidate_records import Told, everybody, record_of
from central.identity.candidate_rules import RULE, propose
from central.identity.candidates import look_for_candidates
from central.identity.graph import say
from central.identity.parties import Origin, canonicals, ensure
from central.identity.spelling import slips
from central.ledger.customer_tables import IDENTIFIERS
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


@pytest.mark.both_databases
def test_who_refused_to_be_profiled_is_not_compared(ledger):
    """An objection to profiling would hold everywhere but in the night, or for ever."""
    no, yes = (ConsentGiven(purpose="profiling", contact="any", given=said) for said in (0, 1))
    other = ConsentGiven(purpose="marketing", contact="any", given=False)
    with writing(ledger) as conn:
        for n, answers in enumerate(((), (no,), (no, yes), (yes, no), (other,)), 1):
            met(conn, f"a-{n}", ADA)
            for each in answers:
                consent(conn, f"a-{n}", [each], Origin("store-0001/till-1", AT, f"e/{n}/{each}"))
        ensure(conn, "a-6", Origin("store-0001/till-1", AT))
    assert ["a-1", "a-3", "a-5"] == [each.party_id for each in everybody(ledger)]


@pytest.mark.both_databases
def test_everybody_is_read_once_whatever_the_portions_and_as_they_are_shown(ledger, monkeypatch):
    """Whoever stands at the end of a portion would never be compared, or by a word given up."""
    monkeypatch.setattr(candidate_records, "_UPTO", candidate_records.upto(2))
    mail, phone = ({"type": kind, "value": value} for kind, value in REACHED)
    with writing(ledger) as conn:
        for n in range(1, 6):
            met(conn, f"a-{n}", ADA)
        typed = Origin("import", AT, "e/import")
        observe(conn, "a-3", {"name": "Z", "city": "Ulm"}, typed, Strength.RECORD)
        more = {"evidence": 1, "event": "e", "source": "import", "observed_at": AT}
        conn.execute(
            insert(IDENTIFIERS), [{"party_id": "a-4"} | each | more for each in (mail, phone)]
        )
    told = list(everybody(ledger))
    assert [f"a-{n}" for n in range(1, 6)] == [each.party_id for each in told]
    assert {("ada byron", "1980-01-02", "10115", "", "berlin")} == {each[1:6] for each in told}
    assert [(), (), (), ("email:ada@byron.example", "phone:+49301234567"), ()] == [
        record_of(each).contacts for each in told
    ]


def test_hq_goes_on_while_everybody_is_read(ledger, monkeypatch):
    """No sale of any store would be taken in for as long as the night's reading lasts."""
    monkeypatch.setattr(candidate_records, "_UPTO", candidate_records.upto(1))
    with writing(ledger) as conn:
        for n in range(1, 10):
            met(conn, f"a-{n}", ADA)
    told = everybody(ledger)
    first = next(told)
    with writing(ledger) as conn:
        met(conn, "a-1", ADA | {"name": "Ada King"})
    assert [f"a-{n}" for n in range(1, 10)] == [each.party_id for each in (first, *told)]


REACHED = [("email", "ada@byron.example"), ("phone", "+49301234567")]


def person(n, **fields):
    return Told(f"p-{n:03d}", **{field: folded(value) for field, value in fields.items()})


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
    some = [person(n, name=f"Given{n} Family{n}", reached="phone:+49301234567") for n in range(80)]
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
def test_both_models_compare_the_same_people():
    """A night with Splink would leave out whom HQ's own rules find, or take an hour."""
    draw = random.Random(2)
    some = [_drawn(draw, n) for n in range(400)]
    own = {frozenset(pair) for pair in pairs([record_of(each) for each in some])}
    with candidate_tables.laid_out(some) as base:
        rows = base.execute(COMPARED).fetchall()
    assert {frozenset(int(party_id[2:]) for party_id in row) for row in rows} == own
    assert len(own) == len(rows) > 400


COMPARED = """SELECT one.party_id, two.party_id FROM compared
JOIN told one ON one.id = join_key_l JOIN told two ON two.id = join_key_r"""


@pytest.mark.untraced
def test_who_is_drawn_as_a_sample_does_not_hang_on_ids():
    """The same customers would be asked about tonight, not tomorrow, and again the night after."""
    draw = random.Random(4)
    some = [_drawn(draw, n) for n in range(300)]
    some += [each._replace(party_id=f"q-{n}") for n, each in enumerate(some[:20])]
    renamed = [each._replace(party_id=f"r-{n:03d}") for n, each in enumerate(some)]
    draw.shuffle(renamed)
    numbered, again = ({row[0]: row[1:] for row in _laid_out(each)} for each in (some, renamed))
    assert numbered == again
    assert len(numbered) == len(some)


@pytest.mark.untraced
def test_a_house_number_stands_by_itself():
    """The house next door would be nearly the same street, and its people nearly the same."""
    [row] = _laid_out([person(1, name="Ada Byron", street="Am Hang 12 b")])
    assert ("am hang b", "12") == (row[5], row[6])


def _laid_out(some):
    with candidate_tables.laid_out(some) as base:
        return base.execute("SELECT * FROM person").fetchall()


def test_what_two_persons_agree_in_is_not_counted_among_those_who_are_one():
    """Of a few thousand with many duplicates, the same street and city would say nothing."""
    one_half = {"m_probability": 0.5}
    levels = [one_half | {"u_probability": each} for each in (0.000_11, 0.000_05)]
    model = {
        "probability_two_random_records_match": 0.0002,
        "comparisons": [{"comparison_levels": [{"is_null_level": True}, *levels]}],
    }
    [comparison] = candidate_splink.of_others(model)["comparisons"]
    said = [each["u_probability"] for each in comparison["comparison_levels"][1:]]
    assert [pytest.approx(0.000_01, rel=0.001), 1 / 2_000_000] == said


NAMES = ["Ada", "Adda", "Jean-Luc", "d'Arc", "de", "Maier", "Mayr", "Ünal", ""]


def _drawn(draw, n):
    """Make somebody who shares some things with some."""
    word = partial(draw.choice, NAMES)
    phone = f"phone:+49301{draw.randrange(200)}"
    streets = ["", f"{word()}str. {draw.randrange(9)}", f"Am Hang {draw.randrange(99)} b"]
    return person(
        n,
        name=f"{word()} {word()} {word()}",
        birth_date=draw.choice(["", f"19{draw.randrange(10, 60)}-0{draw.randrange(1, 9)}-12"]),
        postcode=draw.choice(["", f"10{draw.randrange(60)}", "SW1A 2AA"]),
        street=draw.choice(streets),
        city=draw.choice(["", f"Ort {draw.randrange(30)}"]),
        reached=draw.choice(["", "", phone, f"email:none@x{draw.randrange(9)}.example"]),
    )


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


@pytest.mark.untraced
def test_splink_asks_about_no_family_at_one_address():
    """A steward would be asked about every couple, among whom the duplicates drown."""
    draw = random.Random(3)
    told = [_housed(draw, n) for n in range(700)]
    some = [person(n, **each) for n, each in enumerate(told)]
    twins = [person(700 + n, **each) for n, each in enumerate(told[:100])]
    family = [
        person(800 + n, **each | {"name": _word(draw) + " " + each["name"].split()[1]})
        for n, each in enumerate(told[100:300])
    ]
    found = candidate_splink.propose([*some, *twins, *family])
    assert {(f"p-{n:03d}", f"p-{700 + n}") for n in range(100)} == found.keys()


def _word(draw):
    return "".join(draw.choices("bdfgklmnprst", k=3) + draw.choices("aeiou", k=3))


def _housed(draw, n):
    home = {"postcode": f"{20000 + n // 5}", "city": f"Ort {n // 20}"}
    return {"name": f"{_word(draw)} {_word(draw)}", "street": f"{_word(draw)}weg {n}"} | home


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
