"""May this be done: every rule of which answer counts, in any order of arrival."""

from __future__ import annotations

import itertools
import random
import time
from functools import partial
from timeit import repeat

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.consent.checking import NOT_ASKED, check, compact, person, standings
from agent.core.consent.naming import in_effect, named
from agent.core.consent.purposes import ANY, PURPOSES, Basis, Purpose, ancestry
from agent.core.consent.record import Asked, ConsentRecord, Mark, State
from agent.core.faults import InputFault

TODAY = "2026-11-22"
EMAIL, SMS = Asked("marketing", "email"), Asked("marketing", "sms")
GIVEN, REFUSED, WITHDRAWN, OBJECTED, EXPIRED = State


def mark(record_id, state, purpose="marketing", contact=ANY, point="", **more):
    return Mark(record_id, purpose, state, contact, point, **more)


def record(record_id, state, party="ada", purpose="marketing", contact="email", **more):
    at = "2026-11-22T10:00:00.000Z"
    return ConsentRecord(record_id, party, purpose, state, at, contact, **more)


def state(marks, asked=EMAIL, **more):
    return check(marks, asked, today=TODAY, **more).state


def allowed(marks, asked=EMAIL, **more):
    return check(marks, asked, today=TODAY, **more).allowed


def test_who_was_not_asked_has_not_said_yes():
    """Silence would be taken for consent."""
    verdict = check((), EMAIL, today=TODAY)
    assert (False, NOT_ASKED, ("the customer was not asked",)) == (
        verdict.allowed,
        verdict.state,
        verdict.why,
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (EMAIL, True),
        (SMS, False),
        (Asked("marketing", ANY), False),
        (Asked("profiling", "email"), False),
        (Asked("marketing", "email", "home"), True),
    ],
)
def test_a_yes_reaches_no_further_than_it_was_meant(asked, expected):
    """A yes to e-mail would become one to text messages, or to profiling."""
    assert expected == allowed([mark("1", GIVEN, contact="email")], asked)


def test_a_yes_to_one_address_is_none_to_any_address():
    """Who agreed to be written to at work would be written to at home."""
    at_work = [mark("1", GIVEN, contact="email", point="work")]
    assert [True, False, False] == [
        allowed(at_work, Asked("marketing", "email", point)) for point in ("work", "home", "")
    ]


def test_a_no_to_one_address_holds_where_any_may_be_used():
    """A mail to "some address" would go to the very one that was forbidden."""
    marks = [mark("1", GIVEN, contact="email"), mark("2", REFUSED, contact="email", point="work")]
    assert [False, True, False] == [
        allowed(marks, Asked("marketing", "email", point)) for point in ("work", "home", "")
    ]


def test_an_objection_on_email_leaves_sms_untouched():
    """One no would silence a channel the customer likes."""
    marks = [mark("1", GIVEN), mark("2", OBJECTED, contact="email")]
    assert [False, True] == [allowed(marks, EMAIL), allowed(marks, SMS)]


@pytest.mark.parametrize("no", [REFUSED, WITHDRAWN, OBJECTED])
def test_of_answers_that_did_not_know_of_each_other_the_no_wins(no):
    """A no given at one till would be lost against a yes given at another."""
    marks = [mark("1", GIVEN), mark("2", no)]
    assert {no.value} == {state(each) for each in itertools.permutations(marks)}


def test_a_later_yes_ends_the_no_it_names_and_no_other():
    """A customer who changed their mind would never hear from the shop again, or too soon."""
    marks = [mark("1", REFUSED), mark("2", GIVEN, replaces=("1",))]
    assert GIVEN == state(marks)
    assert REFUSED == state([*marks, mark("3", REFUSED)])


def test_a_yes_to_email_after_a_no_to_all_is_no_yes_to_letters():
    """A later, narrower yes would wipe the whole earlier no away."""
    marks = [mark("1", REFUSED), mark("2", GIVEN, contact="email", replaces=("1",))]
    assert [True, False] == [allowed(marks, EMAIL), allowed(marks, Asked("marketing", "post"))]


def test_an_objection_is_ended_by_a_yes_alone():
    """A refusal, a withdrawal or a lapse noted later would quietly lift an objection."""
    for later in (REFUSED, WITHDRAWN, EXPIRED):
        assert OBJECTED == state([mark("1", OBJECTED), mark("2", later, replaces=("1",))])
    assert GIVEN == state([mark("1", OBJECTED), mark("2", GIVEN, replaces=("1",))])


def test_an_objection_to_marketing_is_one_to_its_profiling_and_a_yes_is_not():
    """GDPR, Article 21(2) would be broken, or a yes stretched."""
    profiling = Asked("profiling")
    assert OBJECTED == state([mark("1", GIVEN, "profiling"), mark("2", OBJECTED)], profiling)
    assert GIVEN == state([mark("1", GIVEN, "profiling"), mark("2", WITHDRAWN)], profiling)
    assert NOT_ASKED == state([mark("1", GIVEN)], profiling)


def test_a_no_to_everything_reaches_every_purpose_and_a_yes_to_everything_none():
    """Consent would not be specific (GDPR, Article 7)."""
    assert OBJECTED == state([mark("1", GIVEN), mark("2", OBJECTED, ANY)])
    assert NOT_ASKED == state([mark("1", GIVEN, ANY)])
    assert REFUSED == state([mark("1", REFUSED, ANY), mark("2", GIVEN, ANY, replaces=("1",))])


def test_a_yes_runs_out_with_its_day_and_another_yes_stands_beside_it():
    """A consent for one year would last for ever, or its end would undo a newer one."""
    lapsed = mark("1", GIVEN, valid_until="2026-11-21")
    assert EXPIRED == state([lapsed])
    assert EXPIRED == state([mark("1", GIVEN, valid_until="next year")])
    today = check([lapsed, mark("2", GIVEN, valid_until=TODAY)], EMAIL, today=TODAY)
    assert (True, TODAY) == (today.allowed, today.valid_until)
    assert "" == check([mark("1", GIVEN)], EMAIL, today=TODAY).valid_until


def test_what_a_contract_or_the_law_asks_for_is_done_and_the_no_is_shown():
    """An order would not be announced because its buyer wants no advertising."""
    for purpose in ("service", "books"):
        verdict = check([mark("1", OBJECTED, ANY)], Asked(purpose, "email"), today=TODAY)
        assert (True, "objected") == (verdict.allowed, verdict.state)
        assert "the customer has objected to it" == verdict.why[-1]


def test_a_legitimate_interest_ends_with_any_no():
    """Who has said no would go on being asked."""
    quality = Asked("quality", "email")
    assert [True, True, True, False, False, False] == [
        allowed(marks, quality)
        for marks in (
            [],
            [mark("1", GIVEN, "quality")],
            [mark("1", EXPIRED, "quality")],
            [mark("1", REFUSED, "quality")],
            [mark("1", WITHDRAWN, "quality")],
            [mark("1", OBJECTED, "quality")],
        )
    ]
    assert "it needs no yes" in check((), quality, today=TODAY).why[0]


def test_a_purpose_nobody_described_needs_a_yes():
    """A new use of data would begin without anybody having agreed."""
    raffle = Asked("raffle")
    assert [False, True] == [allowed([], raffle), allowed([mark("1", GIVEN, "raffle")], raffle)]


def test_purposes_in_a_circle_are_gone_round_once():
    """A slip in the settings would hang the till."""
    circle = {"a": Purpose("a", part_of="b"), "b": Purpose("b", part_of="a")}
    assert ("a", "b") == ancestry("a", circle)
    marks = [mark("1", OBJECTED, "b")]
    assert "objected" == check(marks, Asked("a"), today=TODAY, purposes=circle).state


def test_marks_that_name_each_other_in_a_circle_end_nothing():
    """Garbage that names itself round would free the shop from an objection."""
    circle = [mark("1", OBJECTED, replaces=("2",)), mark("2", GIVEN, replaces=("1",))]
    assert OBJECTED == state(circle)
    free = [*circle, mark("3", GIVEN, replaces=("1", "2"))]
    assert GIVEN == state(free)
    assert REFUSED == state([*free, mark("6", REFUSED, replaces=("3",))])
    assert GIVEN == state([*free, mark("4", REFUSED), mark("5", GIVEN, replaces=("4",))])
    assert OBJECTED == state([mark("1", OBJECTED, replaces=("1",))])


def test_a_merge_takes_the_most_restrictive_and_its_undoing_keeps_objections_only():
    """After an unmerge, somebody who had objected would be written to again."""
    ada = [record("1", GIVEN)]
    for no, after in ((OBJECTED, False), (REFUSED, True), (WITHDRAWN, True)):
        bob = [record("2", no, "bob")]
        merged = person([*ada, *bob])
        assert not allowed(merged)
        assert [after, False] == [allowed(person(ada, bob)), allowed(person(bob, ada))]


def test_the_own_yes_lifts_an_inherited_objection_for_oneself_alone():
    """One customer's yes would end another customer's objection, or nobody could ever say yes."""
    ada, bob = [record("1", GIVEN)], [record("2", OBJECTED, "bob")]
    verdict = check(person(ada, bob), EMAIL, today=TODAY)
    assert verdict.why[0].startswith("somebody this customer was once taken for")
    ada.append(record("3", GIVEN, replaces=verdict.records))
    assert [True, False] == [allowed(person(ada, bob)), allowed(person(bob, ada))]


def test_an_objection_its_owner_has_lifted_binds_nobody_any_more():
    """A former double would stay bound by a no that no longer exists."""
    ada = [record("1", GIVEN)]
    bob = [record("2", OBJECTED, "bob"), record("3", GIVEN, "bob", replaces=("2",))]
    assert [True, True] == [allowed(person(ada, bob)), allowed(person(bob, ada))]


def test_a_record_that_is_the_persons_own_is_not_inherited_besides():
    """A record told twice, as own and as former, would count as somebody else's."""
    both = [record("1", OBJECTED)]
    assert ("1",) == tuple(each.record_id for each in person(both, both) if not each.inherited)


def test_what_can_decide_nothing_any_more_is_left_out():
    """A card would carry every answer of ten years, or drop one that still counts."""
    marks = [
        mark("1", REFUSED),
        mark("2", GIVEN, replaces=("1",)),
        mark("3", WITHDRAWN, contact="email", replaces=("2",)),
        mark("4", REFUSED, ANY),
        mark("5", GIVEN, ANY, replaces=("4",)),
        mark("6", GIVEN, inherited=True),
        mark("7", OBJECTED, inherited=True),
        mark("8", OBJECTED),
        mark("9", GIVEN, replaces=("8",)),
    ]
    assert ["2", "3", "4", "5", "7", "8", "9"] == [each.record_id for each in compact(marks)]
    circle = [mark("1", REFUSED, replaces=("2",)), mark("2", REFUSED, replaces=("1",))]
    assert 3 == len(compact([*circle, mark("3", GIVEN, replaces=("1", "2"))]))


def test_standings_answer_for_what_was_said_and_for_every_purpose():
    """The till's card would hide an answer, or a purpose nobody has asked about."""
    marks = [mark("1", GIVEN, contact="email"), mark("2", OBJECTED, ANY)]
    shown = {(each.purpose, each.contact): each.state for each in standings(marks, today=TODAY)}
    assert {*((purpose, ANY) for purpose in PURPOSES), ("marketing", "email")} == set(shown)
    assert {"objected"} == set(shown.values())


def test_the_day_must_be_one():
    """A wrong day would let every consent live, without anybody noticing."""
    with pytest.raises(InputFault):
        check((), EMAIL, today="today")
    with pytest.raises(InputFault):
        standings((), today="22.11.2026")


QUESTIONS = [
    Asked(purpose, contact, point)
    for purpose in ("marketing", "profiling", "raffle")
    for contact in (ANY, "email", "sms")
    for point in ("", "a", "b")
    if contact != ANY or not point
]


def drawn(rng, name, names):
    contact = rng.choice([ANY, "email", "sms"])
    return Mark(
        name,
        rng.choice(["marketing", "profiling", "raffle", ANY]),
        rng.choice(list(State)),
        contact,
        "" if contact == ANY else rng.choice(["", "a", "b"]),
        rng.choice(["", "", "2026-01-01", "2027-01-01"]),
        tuple(rng.sample(names, min(len(names), rng.choice([0, 0, 1, 1, 2, 3])))),
        rng.random() < 0.25,
    )


def some_marks(rng):
    names = [f"r{n}" for n in range(rng.randrange(1, 7))]
    tangled = rng.random() < 0.3
    return [drawn(rng, name, names if tangled else names[:n]) for n, name in enumerate(names)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9))
def test_what_a_till_keeps_answers_as_all_records_would(seed):
    """The compact marks of a card would say yes where HQ says no, now or after a new answer."""
    rng = random.Random(seed)
    marks, added = some_marks(rng), []
    kept = compact(marks)
    for n in range(2):
        seen = in_effect(named([*kept, *added]), rng.choice(QUESTIONS))
        names = tuple(each.record_id for each in seen)
        new = drawn(rng, f"new{n}", ["lost"])
        added.append(msgspec.structs.replace(new, replaces=names, inherited=False))
        for asked in QUESTIONS:
            whole = check([*marks, *added], asked, today=TODAY)
            assert whole == check([*kept, *added], asked, today=TODAY)
            assert whole == check(compact([*kept, *added]), asked, today=TODAY)
    assert kept == compact(rng.sample(marks * 2, len(marks) * 2)) == compact(kept)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9))
def test_records_may_come_one_by_one_and_late(seed):
    """A till that heard of a yes before the no it replaces would keep the no for ever."""
    rng = random.Random(seed)
    marks, kept = some_marks(rng), ()
    for mark_ in rng.sample(marks, len(marks)):
        kept = compact([*kept, mark_])
    for asked in QUESTIONS:
        assert check(marks, asked, today=TODAY) == check(kept, asked, today=TODAY)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9))
def test_a_no_is_never_lost_by_merging(seed):
    """Two customers made one would be allowed more than either of them allowed."""
    rng = random.Random(seed)
    one = [msgspec.structs.replace(each, inherited=False) for each in some_marks(rng)]
    two = [
        msgspec.structs.replace(
            each,
            record_id=f"b{each.record_id}",
            replaces=tuple(f"b{name}" for name in each.replaces),
            inherited=False,
        )
        for each in some_marks(rng)
    ]
    for asked in QUESTIONS:
        states = {state(each, asked) for each in (one, two)}
        if states & {"objected", "withdrawn", "refused"}:
            assert not allowed([*one, *two], asked)


def test_a_check_takes_less_than_five_milliseconds():
    """G-figure of the notes: a channel asks before every single message."""
    marks = [
        mark(f"{n:04}", GIVEN if n % 2 else WITHDRAWN, replaces=(f"{n - 1:04}",) * bool(n))
        for n in range(500)
    ]
    kept = compact(marks)
    assert 1 == len(kept)
    for known in (kept, marks[:50]):
        checking = partial(check, known, EMAIL, today=TODAY)
        assert min(repeat(checking, timer=time.process_time, repeat=20, number=1)) < 0.0125


def test_bases_are_those_of_the_law():
    """A ground the law does not know would be written into a receipt."""
    assert {"consent", "contract", "legal_obligation", "legitimate_interest"} == set(Basis)
