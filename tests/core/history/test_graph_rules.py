"""The rules as data: what is evidence, what is not, and which names agree."""

from __future__ import annotations

import pytest

from agent.core.history.graph_names import agree, fit, words
from agent.core.history.graph_rules import BOOK, RULES, RuleBook, is_placeholder
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence
from tests.core.history.graph_worlds import account, card, email, order, phone


@pytest.mark.parametrize(
    ("kind", "value", "made_up"),
    [
        (IdentifierType.EMAIL, "no@email.example", True),
        (IdentifierType.EMAIL, "No-Mail@shop.example", True),
        (IdentifierType.EMAIL, "---@shop.example", False),
        (IdentifierType.EMAIL, "--", True),
        (IdentifierType.EMAIL, "noemi@shop.example", False),
        (IdentifierType.PHONE, "+0000000", True),
        (IdentifierType.PHONE, "+49301234567", False),
        (IdentifierType.LOYALTY_CARD, "9999999", True),
        (IdentifierType.LOYALTY_CARD, "9999", False),
        (IdentifierType.LOYALTY_CARD, "0", True),
        (IdentifierType.WEB_ACCOUNT, " - ", True),
        (IdentifierType.WEB_ACCOUNT, "1", False),
    ],
)
def test_what_was_typed_to_fill_a_field_names_nobody(kind, value, made_up):
    """Everybody without an e-mail would become one person, or a real one would be passed over."""
    assert made_up == is_placeholder(Identifier(kind, value))


def test_a_chain_blocks_what_it_knows_to_be_its_own():
    """The store's own phone, typed for everybody, would join them."""
    book = RuleBook(blocked=frozenset({phone(1)}))
    assert (True, False) == (book.says_nothing(phone(1)), book.says_nothing(phone(2)))


def test_only_contacts_are_shared_by_families():
    """Somebody enrolled six times with one card would be six persons."""
    found = [BOOK.limit(each) for each in (card(1), account(1), email(1), phone(1), order(1))]
    assert [8, 8, 5, 5, 5] == found


def test_each_identifier_has_its_rules_strongest_first():
    """A link explained by a weaker rule than it has would be given up with that rule."""
    found = [[rule.id for rule in BOOK.rules_of(each)] for each in (card(1), email(1), phone(1))]
    assert [["R4", "R1"], ["R2"], ["R3"]] == found
    assert () == BOOK.rules_of(order(1))


def test_a_rule_asks_one_thing_of_both_and_another_of_one():
    """An account claimed by typing it would pass for one that was signed in."""
    proof = RULES[0]
    assert "R4" == proof.id
    assert proof.links(Evidence.OBSERVED, Evidence.VERIFIED)
    assert proof.links(Evidence.VERIFIED, Evidence.OBSERVED)
    assert not proof.links(Evidence.OBSERVED, Evidence.OBSERVED)
    assert not proof.links(Evidence.CANDIDATE, Evidence.VERIFIED)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Ada Byron", "BYRON, Ada", True),
        ("Ada Byron", "Ada King Byron", True),
        ("Zoë O’Neil", "zoe ONEIL", True),
        ("Straße Müller", "STRASSE MULLER", True),
        ("李 明", "明 李", True),
        ("Ada Byron", "A. Byron", False),
        ("A B", "A B", False),
        ("Ada Byron", "Annabella Byron", False),
        ("Byron", "Byron", False),
        ("Byron", "Ada Byron", False),
        ("Ada King Byron", "Ada Anna Byron", False),
        ("", "", False),
    ],
)
def test_names_agree_by_two_whole_words(one, other, expected):
    """A mother and her daughter at one phone would be one person, or one person two."""
    assert expected == agree([one], [other])
    assert expected == agree([other], [one])


@pytest.mark.parametrize(
    ("one", "other", "exactly", "nearly"),
    [
        ("Ada Byron", "BYRON, Ada King", True, True),
        ("Ada Byron", "A. Byron", True, True),
        ("Ada Byron", "Byron", True, True),
        ("Ada Byron", "~", True, True),
        ("Ada Byron", "Eva Byron", False, False),
        ("Ada Byron", "Charles Babbage", False, False),
        ("Ada Byron", "Ada King", False, False),
        ("Jo Byron", "Bo Byron", False, False),
        ("Ada Byron", "Adda Byron", False, True),
        ("Adda Byron", "Ada Biron", False, True),
        ("Charles Byron", "Chalres Byron", False, True),
        ("Charles Byron", "Charlotte Byron", False, False),
        ("Charles Byron", "Chlaser Byron", False, False),
        ("Hans-Peter Byron", "Hanspeter Byron", False, True),
        ("Adda King Byron", "Ada Byron", False, True),
        ("Karl Ó Briain", "Karl Öztürk", False, False),
        ("K. Byron", "E. Byron", False, False),
    ],
)
def test_names_fit_unless_each_has_a_word_the_other_lacks(one, other, exactly, nearly):
    """A daughter with her mother's card would be her mother, or a slip of the pen a stranger."""
    assert [exactly, nearly] == [fit([one], [other], slips=slips) for slips in (False, True)]
    assert [exactly, nearly] == [fit([other], [one], slips=slips) for slips in (False, True)]


def test_any_name_a_party_has_may_fit_and_none_fits_all():
    """Who married, or was enrolled without a name, would be asked about at each card."""
    assert fit(["Ada Byron", "Ada King"], ["King"])
    assert fit([], ["Ada Byron"])
    assert not fit(["Ada Byron", "Ada King"], ["Eva King"])


def test_any_name_a_party_has_may_agree():
    """Who married would never be found again under the name of before."""
    assert agree(["Ada Byron", "Ada King"], ["King, Ada"])
    assert not agree([], ["Ada Byron"])


def test_a_name_of_any_bytes_is_only_words():
    """One name that cannot be read would stop the rules for everybody near."""
    assert frozenset() == words("\ud800 ~ \x00") - {"\ud800"}
