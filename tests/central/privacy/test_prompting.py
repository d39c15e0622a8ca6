"""Ask once: an answer on any channel silences all, and a visit has one question."""

from __future__ import annotations

import pytest

from agent.core.faults import InputFault
from agent.core.prompts import Outcome, Prompt, PromptEvent, Reach
from central.histories import Applier
from central.identity.asking import RULE, define
from central.ledger.engine import reading, writing
from central.ledger.privacy_tables import PROMPT_EVENTS
from central.privacy.prompting import Asking, next_prompt, prompts_view, said
from tests.central.privacy.conftest import ADA, NOW

REACHES = (Reach("store", 5, refused_days=90), Reach("web", 9, refused_days=30))
BIRTHDAY = Prompt(
    "birthday",
    {"en": "When is your birthday?", "de": "Wann haben Sie Geburtstag?"},
    ("tender", "identify"),
    REACHES,
    kind="day",
    fills=("birth_date",),
)
MAIL = Prompt("mail", {"en": "May we write to you?"}, ("tender",), REACHES, fills=("email",))
WEB = Asking(trigger="tender", channel="web", visit="v-1", language="de-AT")


@pytest.fixture
def ask(ledger, ada):
    """Ask what is due in a visit of Ada's; gives the prompt's id."""
    with writing(ledger) as conn:
        define(conn, [MAIL, BIRTHDAY])

    def _ask(visit="v-1", today=NOW[:10], channel="web"):
        asking = Asking(trigger="tender", channel=channel, visit=visit, language="de-AT")
        with reading(ledger) as conn:
            return next_prompt(conn, ada, asking, today)

    return _ask


def _event(event_id, outcome, **fields):
    told = {"on": NOW[:10], "at": NOW, "channel": "store", "visit": "s-1"} | fields
    return PromptEvent(event_id, "birthday", ADA, Outcome(outcome), **told)


@pytest.mark.both_databases
def test_what_is_known_is_not_asked_and_the_rest_once(ledger, ask, receive):
    """The customer would be asked for the e-mail address they have given long ago."""
    chosen = ask()
    assert ("birthday", "Wann haben Sie Geburtstag?") == (chosen.choice.prompt_id, chosen.text)
    receive("side", _event("e-1", "refused"))
    Applier(ledger, lambda: NOW).apply_pending()
    assert "" == ask().choice.prompt_id
    assert "" == ask(visit="v-2", today="2027-01-30").choice.prompt_id
    assert "birthday" == ask(visit="v-2", today="2027-01-31").choice.prompt_id


@pytest.mark.both_databases
def test_an_answer_on_the_web_reaches_every_till(ledger, ask, feed, rows):
    """The till would ask again what was answered on the web in the morning."""
    assert "birthday" == ask().choice.prompt_id
    with writing(ledger) as conn:
        told = _event("web/e-2", "answered", channel="web", value=" 1815-12-10 ")
        assert "1815-12-10" == said(conn, ADA, told, NOW).value
        said(conn, ADA, told, NOW)
    assert 1 == len(rows(PROMPT_EVENTS))
    card = feed()["global", f"party:{ADA}"][1]["card"]
    assert [["birthday", "9999-12-31", ""]] == card["silences"]
    with reading(ledger) as conn:
        assert ["web/e-2"] == [each.event_id for each in prompts_view(conn, ADA).events]


def test_definitions_reach_every_till_whole(ledger, ask, feed):
    """A till would go on asking what was withdrawn."""
    ask()
    op, body = feed()["global", RULE]
    assert ("put", ["mail", "birthday"]) == (op, [each["prompt_id"] for each in body])
    with writing(ledger) as conn:
        with pytest.raises(InputFault, match="stands twice"):
            define(conn, [MAIL, MAIL])
        define(conn, [])
    assert [] == feed()["global", RULE][1]


def test_an_answer_that_is_none_is_refused(ledger, ask):
    """Something else than a day would stand where the birthday is looked for."""
    ask()
    with writing(ledger) as conn, pytest.raises(InputFault, match="takes a day"):
        said(conn, ADA, _event("e-1", "answered", value="soon"), NOW)
