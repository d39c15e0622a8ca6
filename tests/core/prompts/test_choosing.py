"""The right question at the right time, and never twice."""

from __future__ import annotations

import random

import pytest

from agent.core.days import plus_days
from agent.core.faults import InputFault
from agent.core.prompts.choosing import Situation, choose
from agent.core.prompts.definition import Prompt, Reach, catalogue
from agent.core.prompts.ledger import Outcome, PromptEvent, Silence, joined, silences

ASKED, ANSWERED, REFUSED, _ = Outcome
TODAY = "2026-11-22"


def prompt(prompt_id, value=5, **more):
    fields = {"triggers": ("tender",), "reaches": (Reach("store", value), Reach("web", 1))} | more
    return Prompt(prompt_id, {"en": f"{prompt_id}?"}, **fields)


def now(**more):
    fields = {"trigger": "tender", "channel": "store", "today": TODAY, "visit": "s-1"} | more
    return Situation(**fields)


def asked(prompts, situation=None, silent=(), of_visit=()):
    return choose(catalogue(prompts), silent, situation or now(), of_visit).prompt_id


def event(prompt_id, outcome, visit="s-1", event_id="e1", ref=""):
    at = f"{TODAY}T10:00:00.000Z"
    return PromptEvent(event_id, prompt_id, "ada", outcome, TODAY, at, "store", "", visit, ref)


def test_of_several_the_one_of_most_value_here_is_asked():
    """The one question a visit has would be spent on the lesser one."""
    prompts = [prompt("b", 5), prompt("a", 5), prompt("c", 9)]
    assert "c" == asked(prompts)
    assert "a" == asked(prompts[:2])
    assert "a" == asked(prompts, now(channel="web"))


@pytest.mark.parametrize(
    ("more", "situation"),
    [
        ({}, {"channel": "phone"}),
        ({}, {"trigger": "return"}),
        ({"first_day": "2026-11-23"}, {}),
        ({"last_day": "2026-11-21"}, {}),
        ({"about": "order"}, {}),
        ({"fills": ("email",)}, {"known": frozenset({"email", "phone"})}),
        ({"needs": ("profiling",)}, {}),
        ({"only_if": {"tier": ("gold",)}}, {}),
        ({"only_if": {"tier": ("gold",)}}, {"facts": {"tier": "silver"}}),
    ],
)
def test_what_does_not_fit_the_moment_is_not_asked(more, situation):
    """A customer would be asked what is known, forbidden, or out of place."""
    assert "" == asked([prompt("a", **more)], now(**situation))


@pytest.mark.parametrize(
    ("more", "situation"),
    [
        ({"first_day": TODAY, "last_day": TODAY}, {}),
        ({"fills": ("email", "phone")}, {"known": frozenset({"email"})}),
        ({"needs": ("profiling",)}, {"allowed": frozenset({"profiling"})}),
        ({"only_if": {"tier": ("gold",)}}, {"facts": {"tier": "gold"}}),
    ],
)
def test_what_fits_the_moment_is_asked(more, situation):
    """A question would never find its moment."""
    assert "a" == asked([prompt("a", **more)], now(**situation))


def test_a_silent_question_is_not_asked_before_its_day():
    """Who has answered on the web would be asked again at the till."""
    assert ["", "a"] == [
        asked([prompt("a")], silent=[Silence("a", day)]) for day in ("2026-11-23", TODAY)
    ]


def test_a_question_about_an_order_is_asked_once_for_each():
    """A second order would never be asked about, or the first one twice."""
    about = prompt("ok", about="order")
    silent = [Silence("ok", "9999-12-31", "W1")]
    choices = [choose(catalogue([about]), silent, now(refs={"order": ref})) for ref in ("W1", "W2")]
    assert [("", ""), ("ok", "W2")] == [(each.prompt_id, each.ref) for each in choices]


def test_at_most_one_question_per_visit():
    """The queue would wait while a customer answers a questionnaire."""
    prompts = [prompt("a"), prompt("b")]
    for outcome in (ANSWERED, REFUSED):
        of_visit = [event("a", ASKED), event("a", outcome, event_id="e2")]
        assert "" == asked(prompts, of_visit=of_visit)
        assert "" == asked(prompts, of_visit=of_visit[::-1])
    assert "a" == asked(prompts, now(visit="s-2"), of_visit=[event("b", ANSWERED)])


def test_a_question_still_on_the_counter_stays_there():
    """A page that is loaded anew would lose the question, or ask another one."""
    prompts = catalogue([prompt("a", 1), prompt("b", 9)])
    shown = [event("a", ASKED, ref="W1")]
    choice = choose(prompts, silences(shown, prompts), now(), shown)
    assert ("a", "W1", True) == (choice.prompt_id, choice.ref, choice.again)
    assert "" == choose({}, (), now(), shown).prompt_id


def test_the_reason_is_always_told():
    """Nobody could say why a customer was asked, or why not."""
    for situation in (now(), now(channel="phone")):
        assert choose(catalogue([prompt("a")]), (), situation).why


def test_the_day_must_be_one():
    """A wrong day would ask everything again."""
    with pytest.raises(InputFault):
        asked([prompt("a")], now(today=""))


CHANNELS = ("store", "web", "phone", "kiosk")
CATALOGUE = catalogue(
    Prompt(
        f"p{n}",
        {"en": "?"},
        ("tender", "service") if n % 3 else ("tender",),
        tuple(
            Reach(channel, (n * 7 + k) % 11) for k, channel in enumerate(CHANNELS) if (n + k) % 4
        ),
        valid_days=0 if n % 2 else 200,
        about="order" if n == 4 else "",
    )
    for n in range(8)
)


def visits(seed, count):
    """Play visits of some customers on four channels; count what should never happen."""
    rng = random.Random(seed)
    ledgers, held, repeats, asked_twice, day = {}, {}, 0, 0, "2026-01-01"
    for n in range(count):
        day = plus_days(day, 1) if n % 50 == 0 else day
        who, channel = f"party-{rng.randrange(count // 20 + 1)}", rng.choice(CHANNELS)
        entries = ledgers.setdefault(who, [])
        delta = silences(rng.sample(entries, len(entries)), CATALOGUE, today=day)
        # A till joins what it held before with what HQ has told since, in any order.
        silent = held[who] = joined(held.get(who, ()), delta)
        moment = Situation(
            rng.choice(("tender", "service")), channel, day, f"v{n}", refs={"order": f"W{n % 97}"}
        )
        mine = []
        for _ in range(3):
            choice = choose(CATALOGUE, silent, moment, mine)
            if not choice.prompt_id or choice.again:
                continue
            asked_twice += bool(mine)
            repeats += any(
                (each.prompt_id, each.ref) == (choice.prompt_id, choice.ref)
                and each.outcome is not ASKED
                and silences([each], CATALOGUE)[0].until > day
                for each in entries
            )
            outcome = rng.choice((ANSWERED, ANSWERED, REFUSED, ASKED))
            mine.append(
                PromptEvent(
                    f"e{n}", choice.prompt_id, who, outcome, day, day, channel, "", f"v{n}",
                    choice.ref,
                )
            )  # fmt: skip
        entries += mine
    return repeats, asked_twice, sum(map(len, ledgers.values()))


def test_nobody_is_asked_twice_in_many_visits():
    """G14: a customer would tell the shop the same thing twice."""
    repeats, twice, questions = visits(seed=1, count=600)
    assert (0, 0) == (repeats, twice)
    assert questions > 100


@pytest.mark.long
@pytest.mark.timeout(900)
def test_nobody_is_asked_twice_in_a_hundred_thousand_visits():
    """G14, at its full size: 100,000 visits on four channels."""
    repeats, twice, questions = visits(seed=2, count=100_000)
    assert (0, 0) == (repeats, twice)
    assert questions > 20_000
