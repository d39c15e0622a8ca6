"""Records that are like each other: found by a key, proposed, and never joined."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.history.graph import Fact, seen
from agent.core.history.graph_likeness import likenesses
from tests.core.history.graph_worlds import asked, card, linked, persons

ADA = {"name": "Ada Byron", "birth_date": "1980-01-02", "postcode": "10115"}


def met(party, **record):
    said = {key: record[key] for key in ("name", "birth_date") if key in record}
    return seen(
        party, f"met-{party}", candidate=likenesses(**record), observed=[card(party)], **said
    )


@pytest.mark.parametrize(
    "other",
    [
        {"name": "A. Byron", "birth_date": "1980-01-02", "postcode": "80331"},
        {"name": "Ada King", "birth_date": "1980-01-02", "postcode": "D-10115"},
        {"name": "Annabella BYRON", "birth_date": "1908-01-02", "postcode": "10115"},
    ],
)
def test_two_of_three_that_agree_are_asked(other):
    """A typing error in one field would make a customer two for ever, and nobody would know."""
    graph = linked(met("p1", **ADA), met("p2", **other))
    assert ([], [("p1", "p2", "WEAK")]) == (persons(graph), asked(graph))


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Ada Byron", "birth_date": "1990-09-09", "postcode": "80331"},
        {"name": "Ada Lovelace", "birth_date": "1980-01-02", "postcode": "80331"},
        {"name": "Ada Lovelace", "birth_date": "1990-09-09", "postcode": "10115"},
    ],
)
def test_one_that_agrees_is_not_asked(other):
    """A steward would be asked about everybody of one name, one birthday or one street."""
    assert [] == asked(linked(met("p1", **ADA), met("p2", **other)))


def test_a_record_makes_keys_of_what_it_has_and_of_nothing_else():
    """All records without a birth date would be like each other."""
    assert 3 == len(likenesses(**ADA))
    assert ["byron|10115"] == [key.value for key in likenesses("Ada Byron", "", "10115")]
    assert ["byron|1980-01-02"] == [key.value for key in likenesses("Ada Byron", "1980-01-02")]
    assert ["1980-01-02|10115"] == [key.value for key in likenesses("", "1980-01-02", "10115")]
    assert () == likenesses("Ada Byron", "02.01.1980", "Berlin")
    assert () == likenesses()


def test_the_keys_of_a_record_travel():
    """HQ's backup would lose what two records have in common."""
    facts = met("p1", **ADA)
    assert facts == msgspec.json.decode(msgspec.json.encode(facts), type=tuple[Fact, ...])
