"""Requests of a person: their day, their proof, and what each class of data becomes."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.consent.retention import BOOKS, DataClass, Rule, kept_until, rules_of
from agent.core.consent.rights import Kind, SubjectRequest, due, extend, is_late, ready
from agent.core.faults import InputFault, StateFault


def request(kind=Kind.ERASE, **more):
    fields = {"received": "2027-01-31", "verified_by": ("loyalty_card", "email")} | more
    return SubjectRequest("q-1", kind, "ada", at="2027-01-31T09:00:00.000Z", **fields)


def test_a_request_is_due_in_a_month():
    """The shop would miss the day the law sets (GDPR, Article 12(3))."""
    assert "2027-02-28" == due(request())
    assert [False, True] == [is_late(request(), day) for day in ("2027-02-28", "2027-03-01")]


def test_two_more_months_need_a_reason_in_the_first():
    """A shop would take three months of its own accord, or take them too late."""
    longer = extend(request(), reason=" many stores ", today="2027-02-28")
    assert ("2027-04-30", "many stores") == (due(longer), longer.extended)
    with pytest.raises(InputFault) as missing:
        extend(request(), reason=" ", today="2027-02-01")
    with pytest.raises(StateFault) as late:
        extend(request(), reason="many stores", today="2027-03-01")
    assert ["reason-missing", "too-late-to-extend"] == [missing.value.name, late.value.name]


def test_nothing_is_done_at_a_strangers_word():
    """Somebody's data would be deleted, or handed out, to whoever asks (Article 12(6))."""
    for nobody in ((), (" ",)):
        with pytest.raises(StateFault) as caught:
            ready(request(verified_by=nobody), Kind.ERASE)
        assert "person-not-verified" == caught.value.name
    objection = request(Kind.OBJECT, verified_by=())
    assert objection is ready(objection, Kind.OBJECT)


def test_a_request_is_carried_out_as_what_it_is():
    """A request to see one's data would delete it."""
    with pytest.raises(StateFault) as caught:
        ready(request(Kind.ACCESS), Kind.ERASE)
    assert "other-request" == caught.value.name


def test_a_request_travels():
    """A request taken at a till would reach HQ as something else."""
    asked = request(extended="many stores", operator="a-1")
    assert asked == msgspec.json.decode(msgspec.json.encode(asked), type=SubjectRequest)


@pytest.mark.parametrize("country", [*BOOKS, "XX", ""])
def test_every_class_of_data_has_a_rule_everywhere(country):
    """A kind of data would be kept, or lost, because nobody thought of it."""
    assert set(DataClass) == set(rules_of(country))


def test_what_stays_says_why_and_by_which_law():
    """The customer would be told "no" without the reason the law asks for (Article 12(4))."""
    for rule in rules_of("DE").values():
        stays = rule.years or rule.nameless or rule.while_open
        assert bool(stays) == bool(rule.law) == bool(rule.reason)


def test_books_are_kept_as_long_as_the_countrys_law_says():
    """Invoices would be erased before the tax office may no longer ask for them."""
    assert ["2034-12-31", "2036-12-31", "2033-12-31", "2036-12-31"] == [
        kept_until(rules_of(country)[DataClass.INVOICE], "2026-03-02")
        for country in ("de", "CH", "AT", "XX")
    ]


def test_the_shops_own_rule_replaces_ours():
    """A shop under another law could not follow it."""
    own = Rule(DataClass.INVOICE, years=2, law="own", reason="own")
    assert own == rules_of("DE", [own])[DataClass.INVOICE]
