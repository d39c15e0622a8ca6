"""What was asked and answered: a set that says the same in every order."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest

from agent.core.days import FOREVER
from agent.core.faults import InputFault
from agent.core.prompts.definition import Prompt, Reach
from agent.core.prompts.ledger import (
    Outcome,
    PromptEvent,
    Silence,
    answers,
    checked_event,
    joined,
    silences,
    standing,
)

ASKED, ANSWERED, REFUSED, REOPENED = Outcome
TODAY = "2026-11-22"
PROMPTS = {
    "zip": Prompt(
        "zip",
        {"en": "Postcode?"},
        ("tender",),
        (Reach("store", 5, 100, 10), Reach("web", 1, 30, 1)),
    ),
    "nps": Prompt("nps", {"en": "Again?"}, ("pick_up",), (Reach("store", 5),), valid_days=90),
}


def event(event_id="e1", outcome=ANSWERED, prompt_id="zip", **more):
    fields = {"on": TODAY, "at": f"{TODAY}T10:00:00.000Z", "channel": "store"} | more
    party = fields.pop("party", "ada")
    return PromptEvent(event_id, prompt_id, party, outcome, **fields)


def until(*events, **more):
    return [(each.prompt_id, each.until) for each in silences(events, PROMPTS, **more)]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (event(), FOREVER),
        (event(prompt_id="nps"), "2027-02-20"),
        (event(outcome=REFUSED), "2027-03-02"),
        (event(outcome=REFUSED, channel="web"), "2026-12-22"),
        (event(outcome=REFUSED, channel="fax"), "2027-03-02"),
        (event(outcome=ASKED), "2026-12-02"),
        (event(outcome=ASKED, channel="web"), "2026-11-23"),
        (event(prompt_id="retired"), FOREVER),
        (event(prompt_id="retired", outcome=REFUSED), FOREVER),
        (event(prompt_id="retired", outcome=ASKED), TODAY),
        (event(on="yesterday", outcome=REFUSED), FOREVER),
    ],
)
def test_an_entry_silences_for_its_days(entry, expected):
    """A customer would be asked again too soon, or a question of the season never again."""
    assert [(entry.prompt_id, expected)] == until(entry)


def test_any_order_and_any_repetition_say_the_same():
    """Two tills that got the same entries would ask differently."""
    entries = [
        event("e1", REFUSED, channel="web"),
        event("e2", REFUSED),
        event("e3", ASKED),
        event("e4", ANSWERED, "nps", ref="W1"),
        event("e5", ANSWERED, voids=()),
        event("e6", REOPENED, voids=("e5",)),
    ]
    told = {silences([*each, each[0]], PROMPTS) for each in itertools.permutations(entries)}
    assert {(Silence("nps", "2027-02-20", "W1"), Silence("zip", "2027-03-02"))} == told


def test_a_merge_joins_silences_and_its_undoing_takes_them_apart():
    """A customer made one of two would be asked what one of them has said."""
    ada, bob = [event("e1")], [event("e2", REFUSED, "nps", party="bob")]
    both = silences([*ada, *bob], PROMPTS)
    assert both == joined(silences(ada, PROMPTS), silences(bob, PROMPTS))
    assert [("zip", FOREVER)] == until(*ada)


def test_what_no_longer_holds_is_asked_again_and_answered_for_good():
    """An address that bounced could never be asked for again."""
    first, again = event("e1"), event("e2", REOPENED, voids=("e1",))
    assert [] == until(first, again)
    assert [("zip", FOREVER)] == until(again, first, event("e3"))
    assert (first,) == standing([first, event("e2", REOPENED, voids=("e0",))])


def test_silences_that_are_over_need_not_travel():
    """A till's card would grow with every question of ten years."""
    over, live = event("e1", ASKED, channel="web", on="2026-11-01"), event("e2", ANSWERED, "nps")
    assert [("nps", "2027-02-20")] == until(over, live, today=TODAY)
    assert 2 == len(until(over, live))


def test_the_answer_shown_is_the_one_said_last():
    """A postcode of the old flat would be shown beside the new one."""
    old = event("e2", value="10115", on="2026-01-01", at="2026-01-01T10:00:00.000Z")
    entries = [event("e1", value="20095"), old, event("e3", REFUSED)]
    rng = random.Random(1)
    for _ in range(5):
        shown = answers(rng.sample(entries, 3))
        assert {("zip", ""): "20095"} == {key: each.value for key, each in shown.items()}


def test_an_entry_travels_and_a_silence_holds_no_answer():
    """A stolen till would tell what customers answered."""
    whole = event(
        value="10115", visit="s-1", ref="W1", operator="a-1", touch_point="store-1/till-1"
    )
    assert whole == msgspec.json.decode(msgspec.json.encode(checked_event(whole)), type=PromptEvent)
    (silence,) = silences([whole], PROMPTS)
    sent = msgspec.msgpack.encode(silence)
    assert silence == msgspec.msgpack.decode(sent, type=Silence)
    assert b"10115" not in sent
    assert b"ada" not in sent


def test_an_entry_that_cannot_be_kept_is_refused_with_all_reasons():
    """An answer would be sealed that silences nothing, or the wrong person."""
    bad = event("", ASKED, value="10115", party=" ", on="today", voids=("e1",))
    with pytest.raises(InputFault) as caught:
        checked_event(bad)
    assert "bad-prompt-event" == caught.value.name
    assert 5 == len(caught.value.detail.split("; "))
    with pytest.raises(InputFault, match="names what no longer holds"):
        checked_event(event(outcome=REOPENED))
