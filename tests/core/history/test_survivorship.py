"""Which word about a person is shown, and that none is ever lost."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.core.history.survivorship import Decided, Observation, Strength, alike, survivors

NOON = "2026-11-02T12:00:00.000Z"
ONE_LATER = "2026-11-02T12:00:00.001Z"


def word(value, event="e-1", *, at=NOON, source="web", strength=Strength.SAID, **fields):
    fields = {"party_id": "ada", "field": "name", **fields}
    return Observation(value=value, source=source, event=event, at=at, strength=strength, **fields)


def shown(*words, priority=()):
    survivor = survivors(words, priority)["name"]
    return survivor.value, survivor.why


def test_only_word_is_shown():
    """A field nobody disputes would be missing, or its source unknown."""
    only = word(" Ada ")
    survivor = survivors([only])["name"]
    assert (survivor.value, survivor.why, survivor.shown, survivor.rest) == (
        "Ada",
        Decided.ALONE,
        only,
        (),
    )


def test_blank_says_nothing():
    """An empty form field would wipe out what the customer had told before."""
    assert survivors([word("  ", at=ONE_LATER, strength=Strength.CONFIRMED)]) == {}
    assert shown(word("Ada"), word(" ", at=ONE_LATER)) == ("Ada", Decided.ALONE)


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        (Strength.CONFIRMED, Strength.VERIFIED),
        (Strength.VERIFIED, Strength.SAID),
        (Strength.SAID, Strength.RECORD),
    ],
)
def test_stronger_word_beats_a_newer_one(stronger, weaker):
    """A nightly import, or a mishearing at a till, would overrule what the customer confirmed."""
    words = word("Ada", strength=stronger), word("Ida", at=ONE_LATER, strength=weaker)
    assert shown(*words) == ("Ada", Decided.STRENGTH)


def test_newest_of_equally_strong_words_is_shown():
    """A customer who moved would be written to at the old address."""
    assert shown(word("Ada"), word("Ida", at=ONE_LATER)) == ("Ida", Decided.NEWEST)


def test_order_of_one_journal_beats_its_clock():
    """A till whose clock was set back could never correct what it wrote down before."""
    words = [
        word("Ada", "j/2", stream="j", seq=2),
        word("Ida", "j/1", at=ONE_LATER, stream="j", seq=1),
    ]
    assert shown(*words) == ("Ada", Decided.ORDER)


def test_stronger_word_stands_although_its_journal_goes_on():
    """A careless word after a confirmed one would replace it, if it came from the same till."""
    words = [
        word("Ada", "j/1", strength=Strength.VERIFIED, stream="j", seq=1),
        word("Ida", "j/2", stream="j", seq=2),
    ]
    assert shown(*words) == ("Ada", Decided.STRENGTH)


def test_clock_that_is_ahead_is_believed_no_further_than_hq_heard():
    """A till whose clock is years ahead would decide a field for years."""
    ahead = word("Ida", at="2031-01-01T00:00:00.000Z", heard_at=NOON)
    assert shown(word("Ada", "e-2", at=ONE_LATER), ahead) == ("Ada", Decided.NEWEST)


def test_source_decides_between_equally_new_words():
    """The settings' order of sources would mean nothing."""
    words = word("Ada", source="web"), word("Ida", "e-9", source="store-1/till-1")
    assert shown(*words, priority=("web", "store-1")) == ("Ada", Decided.SOURCE)
    assert shown(*words, priority=("store-1", "web")) == ("Ida", Decided.SOURCE)
    assert shown(*words, priority=("store",)) == ("Ida", Decided.EVENT)


def test_last_resort_is_the_event():
    """Two machines would show two names of one customer."""
    assert shown(word("Ida", "e-1"), word("Ada", "e-2")) == ("Ada", Decided.EVENT)


def test_words_that_agree_do_not_decide_against_each_other():
    """A steward would be asked about two spellings nobody can tell apart."""
    words = word("José  Álvarez"), word("Jose\u0301 A\u0301lvarez ", "e-2", at=ONE_LATER)
    assert alike(words[0].value) == alike(words[1].value)
    assert shown(*words)[1] is Decided.ALONE


def test_best_of_the_rest_comes_first():
    """What a steward would choose instead would stand below what nobody wants."""
    old, new, weak = (
        word("Old", "e-1"),
        word("New", "e-2", at=ONE_LATER),
        word("Weak", "e-3", strength=Strength.RECORD),
    )
    survivor = survivors([weak, old, new])["name"]
    assert (survivor.shown, survivor.rest) == (new, (old, weak))


def test_fields_stand_in_the_order_of_their_names():
    """The same view would have two digests."""
    assert ["a", "b"] == list(survivors([word("x", field="b"), word("y", field="a")]))


@st.composite
def words(draw):
    """A few sources that contradict each other, with clocks that say what they like."""
    values = st.sampled_from(["Ada", "Ida", "", " "])
    count = draw(st.integers(1, 8))
    return [
        word(
            draw(values),
            f"e-{n}",
            at=draw(st.sampled_from([NOON, ONE_LATER, ""])),
            source=draw(st.sampled_from(["web", "import", "store-1/till-1"])),
            strength=draw(st.sampled_from(Strength)),
            party_id=draw(st.sampled_from(["ada", "bob"])),
            field=draw(st.sampled_from(["name", "postcode"])),
            stream=draw(st.sampled_from(["", "j", "k"])),
            seq=n,
            heard_at=draw(st.sampled_from(["", NOON])),
        )
        for n in range(count)
    ]


@settings(max_examples=50, deadline=None)
@given(words(), st.randoms(use_true_random=False))
def test_any_order_and_repetition_give_the_same_and_lose_nothing(
    said: list[Observation], chance: random.Random
):
    """What is shown would depend on which till was connected first, or a word would be lost."""
    told = [*said, *chance.sample(said, len(said))]
    chance.shuffle(told)
    chosen = survivors(told, ("web",))
    assert survivors(said, ("web",)) == chosen
    kept = {each for survivor in chosen.values() for each in (survivor.shown, *survivor.rest)}
    assert {each for each in said if each.value.strip()} == kept


@settings(max_examples=50, deadline=None)
@given(words(), words())
def test_what_wins_among_all_wins_among_its_own(mine: list[Observation], theirs: list[Observation]):
    """Undoing a merge would leave the other person's word behind."""
    theirs = [replace(each, stream=each.stream and "theirs", party_id="eve") for each in theirs]
    both = survivors([*mine, *theirs])
    for field, survivor in both.items():
        side = mine if survivor.shown in mine else theirs
        assert survivor.shown == survivors(side)[field].shown
