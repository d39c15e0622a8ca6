"""What may be asked: prompts as data, checked before anybody is asked by them."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.faults import InputFault
from agent.core.prompts.definition import KINDS, Prompt, Reach, catalogue, checked_answer

TILL = Reach("store", 5)


def prompt(prompt_id="zip", **more):
    fields = {"texts": {"en": "Postcode?"}, "triggers": ("tender",), "reaches": (TILL,)} | more
    return Prompt(prompt_id, **fields)


def test_a_prompt_travels_as_data():
    """A question made at HQ would be another one at the till."""
    whole = prompt(
        kind="choice",
        choices=("a", "b"),
        valid_days=90,
        about="order",
        fills=("postcode",),
        needs=("profiling",),
        only_if={"tier": ("gold",)},
        first_day="2026-01-01",
        last_day="2026-12-31",
    )
    assert whole == msgspec.json.decode(msgspec.json.encode(whole), type=Prompt)
    assert {"zip": whole} == catalogue([whole])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"prompt_id": "Post code"}, "`prompt_id` is no word"),
        ({"texts": {}}, "`texts` lacks a question"),
        ({"texts": {"en": " "}}, "`texts` lacks a question"),
        ({"triggers": ()}, "`triggers` is empty"),
        ({"kind": "riddle"}, "`kind` is none of"),
        ({"kind": "choice"}, "`choices` belong to"),
        ({"choices": ("a",)}, "`choices` belong to"),
        ({"valid_days": -1}, "`valid_days` is negative"),
        ({"reaches": ()}, "`reaches` is empty"),
        ({"reaches": (TILL, TILL)}, "names a channel twice"),
        ({"reaches": (Reach("web", 1, refused_days=-1),)}, "has negative days"),
        ({"first_day": "soon"}, "`first_day` is no day"),
        ({"first_day": "2026-02-01", "last_day": "2026-01-31"}, "is before `first_day`"),
    ],
)
def test_a_prompt_that_cannot_be_asked_is_refused_with_the_reason(wrong, said):
    """A slip in a definition would be met by a cashier, or a question never asked."""
    with pytest.raises(InputFault) as caught:
        catalogue([prompt(**wrong)])
    assert "bad-prompt" == caught.value.name
    assert said in caught.value.detail


def test_everything_wrong_with_all_prompts_is_said_at_once():
    """Somebody would mend a file of prompts one refusal at a time."""
    with pytest.raises(InputFault) as caught:
        catalogue([prompt(), prompt(), prompt("sms", triggers=(), kind="riddle")])
    assert 3 == caught.value.detail.count(";") + 1
    assert "'zip' stands twice" in caught.value.detail


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("yes_no", " YES ", "perhaps"),
        ("choice", "b", "elsewhere"),
        ("text", " words ", " "),
        ("text", "x" * 500, "x" * 501),
        ("number", "-12", "1.5"),
        ("number", "0", "٣"),
        ("day", "1984-02-29", "29.2.1984"),
    ],
)
def test_an_answer_is_what_was_asked_for(kind, good, bad):
    """A birth date would be kept that is none, and nobody could ask again."""
    asked = prompt(kind=kind, choices=("a", "b") if kind == "choice" else ())
    said = checked_answer(asked, good)
    assert good.strip() in (said, said.upper())
    with pytest.raises(InputFault) as caught:
        checked_answer(asked, bad)
    assert "bad-answer" == caught.value.name
    assert bad not in caught.value.detail or bad == " "


def test_every_kind_says_what_it_takes():
    """The cashier would be told that an answer is wrong, and not what is right."""
    for kind in KINDS:
        with pytest.raises(InputFault, match="takes"):
            checked_answer(prompt(kind=kind, choices=("a",)), "")


def test_a_question_is_asked_in_the_customers_language_if_there_is_one():
    """A customer would be asked in a language nobody speaks there."""
    asked = prompt(texts={"en": "Postcode?", "de": "PLZ?", "de-CH": "Poschtleitzahl?"})
    assert ["Poschtleitzahl?", "PLZ?", "Postcode?"] == [
        asked.text(language) for language in ("de-CH", "de-AT", "fr")
    ]
