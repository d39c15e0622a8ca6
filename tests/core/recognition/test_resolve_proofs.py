"""One resolver: passes, weak means and orders, at a till and at HQ."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.identifiers import PartyId
from agent.core.recognition import (
    Found,
    Identifier,
    IdentifierType,
    KnownElsewhere,
    OrderKey,
    Proofs,
    RecognitionKind,
    RecognitionRules,
    Strength,
    Unknown,
    Used,
    means_of_typed,
    new_card_number,
    remember,
    resolve,
)
from tests.core.recognition.presenting import (
    NOW,
    PASS,
    STRANGER,
    Shelf,
    Trusted,
    code_text,
    shown,
    signed_text,
)

RULES = RecognitionRules(("LC",), ("WEB-",), "DE", "store-0001")
ADA = PartyId("p-ada")
WALLET = Identifier(IdentifierType.WALLET, PASS)
OWN = new_card_number("LC", b"\x12\x34\x56\x78\x9a\xbc")
FORGED = f"TW1.{PASS}.00000000"


def _holds(*identifiers, strength=None):
    return Shelf({each: Found(ADA, each, ("Ada's",), strength) for each in identifiers})


HOLDS = _holds(WALLET)


def _proofs(now=NOW, used=None, *, held=True, present=None):
    return Proofs(Trusted(held=held), now, used or Used(), present)


def _shown(text, look=HOLDS, **fields):
    return resolve((shown(text),), look, rules=RULES, proofs=_proofs(**fields))


def _typed(text, said, look):
    return resolve(means_of_typed(text, said, RULES), look, rules=RULES)


@pytest.mark.parametrize("text", [code_text(), signed_text()])
def test_a_fresh_pass_proves_its_holder(text):
    """The strongest means there is would open no more than a number read out."""
    found = _shown(text)
    assert isinstance(found.answer, Found)
    assert (ADA, Strength.PROVEN, None) == (found.answer.party_id, found.strength, found.ask)
    assert (WALLET, True) == (found.means, found.held)
    assert found.answer.strength == Strength.PROVEN
    assert ("this wallet pass showed its code of this moment", "Ada's") == found.why
    assert found.mark is not None


@pytest.mark.parametrize("text", [code_text(), signed_text()])
def test_a_pass_shown_twice_names_nobody(text):
    """A picture of a pass would open the card it was taken of."""
    mark = _shown(text).mark
    assert mark is not None
    again = _shown(text, used=remember(Used(), mark))
    assert isinstance(again.answer, KnownElsewhere)
    assert (None, None, False) == (again.strength, again.mark, again.held)
    assert "p-ada" not in str(again)
    assert "next code" in (again.ask or "")
    at_the_till = _shown(text, used=remember(Used(), mark), present=ADA)
    assert isinstance(at_the_till.answer, Found)
    assert at_the_till.mark is None


def test_an_old_or_unchecked_pass_opens_little():
    """The clock would decide who somebody is; or a picture of last week would open the card."""
    for found in (_shown(code_text(NOW - 900)), _shown(code_text(), held=False)):
        assert isinstance(found.answer, Found)
        assert (Strength.WEAK, None) == (found.strength, found.mark)
        assert found.ask is not None
    without = resolve((shown(code_text()),), HOLDS)
    assert without.strength == Strength.WEAK


def test_a_forged_pass_names_nobody():
    """Whoever knows the id of a pass could make the rest up."""
    for text in (FORGED, signed_text(private=STRANGER)):
        found = _shown(text)
        assert isinstance(found.answer, KnownElsewhere)
        assert "p-ada" not in str(found)
        assert found.strength is None


def test_a_pass_nobody_holds_here():
    """A customer of another region would be enrolled a second time."""
    nobody = Shelf()
    signed = _shown(signed_text(), nobody)
    assert isinstance(signed.answer, KnownElsewhere)
    assert signed.mark is not None
    assert isinstance(_shown(signed_text(NOW - 900), nobody).answer, KnownElsewhere)
    for found in (
        _shown(FORGED, nobody),
        _shown(signed_text(private=STRANGER), nobody),
        _shown(signed_text(), nobody, held=False),
    ):
        assert isinstance(found.answer, Unknown)
        assert ("nobody has it",) == found.why
    elsewhere = Shelf({WALLET: KnownElsewhere(("of another region",))})
    assert isinstance(_shown(code_text(), elsewhere, held=False).answer, KnownElsewhere)


@pytest.mark.parametrize(
    ("text", "said", "identifier", "strength"),
    [
        (OWN, None, Identifier(IdentifierType.LOYALTY_CARD, OWN), Strength.STRONG),
        ("LC0001234", None, Identifier(IdentifierType.LOYALTY_CARD, "LC0001234"), Strength.WEAK),
        ("030 1234567", None, Identifier(IdentifierType.PHONE, "+49301234567"), Strength.STRONG),
        ("A@b.org", None, Identifier(IdentifierType.EMAIL, "a@b.org"), Strength.STRONG),
        ("42", "web_account", Identifier(IdentifierType.WEB_ACCOUNT, "42"), Strength.WEAK),
        (PASS, "wallet", WALLET, Strength.WEAK),
        ("aa:tok_12345", "par", Identifier(IdentifierType.PAR, "aa:tok_12345"), Strength.WEAK),
    ],
)
def test_what_each_means_opens(text, said, identifier, strength):
    """A means would open more, or less, than it vouches for."""
    found = _typed(text, said, _holds(identifier))
    assert isinstance(found.answer, Found)
    assert strength == found.strength
    assert (found.ask is None) == (strength is Strength.STRONG)


def test_who_knows_where_a_number_comes_from_decides():
    """An imported number that happens to look like ours would open the whole card."""
    own = Identifier(IdentifierType.LOYALTY_CARD, OWN)
    assert _typed(OWN, None, _holds(own, strength=Strength.WEAK)).strength == Strength.WEAK
    imported = Identifier(IdentifierType.LOYALTY_CARD, "LC0001234")
    held = _holds(imported, strength=Strength.STRONG)
    assert _typed("LC0001234", None, held).strength == Strength.STRONG


def test_a_look_up_may_know_less_but_never_more():
    """A pass would open the whole card without its code, or a shared phone what it must not."""
    assert _typed(PASS, "wallet", _holds(WALLET, strength=Strength.PROVEN)).strength == "weak"
    phone = Identifier(IdentifierType.PHONE, "+49301234567")
    assert _typed("030 1234567", "phone", _holds(phone, strength=Strength.WEAK)).strength == "weak"
    byron = Identifier(IdentifierType.NAME_POSTCODE, "byron|10115")
    held = _holds(byron, strength=Strength.STRONG)
    assert isinstance(_typed("Byron, 10115", None, held).answer, KnownElsewhere)
    forged = _shown(FORGED, _holds(WALLET, strength=Strength.PROVEN))
    assert isinstance(forged.answer, KnownElsewhere)


def test_without_the_chains_rules_every_number_is_weak():
    """A place that forgot the prefixes would open cards by numbers of any programme."""
    own = Identifier(IdentifierType.LOYALTY_CARD, OWN)
    assert resolve((own,), _holds(own)).strength == Strength.WEAK


def test_name_and_postcode_ask_for_more_and_name_nobody():
    """A neighbour's card would open, or they would be enrolled twice."""
    byron = Identifier(IdentifierType.NAME_POSTCODE, "byron|10115")
    found = _typed("Byron, 10115", None, _holds(byron))
    assert isinstance(found.answer, KnownElsewhere)
    assert "p-ada" not in str(found)
    assert "card, phone number" in (found.ask or "")
    assert isinstance(_typed("Byron, 10115", None, Shelf()).answer, Unknown)
    assert _typed("Byron, 10115", None, Shelf()).ask is None


def test_an_order_opens_itself_alone():
    """A number from somebody's letter box would open their history."""
    found = resolve((OrderKey("WEB-1"),), Shelf(orders=frozenset({"WEB-1"})))
    assert (RecognitionKind.ORDER, Strength.BEARER) == (found.kind, found.strength)
    assert found.answer is None


@settings(max_examples=150, deadline=None)
@given(
    st.integers(-200, 200),
    st.sampled_from([code_text, signed_text]),
    st.sampled_from(["found", "elsewhere", "unknown"]),
    st.booleans(),
    st.booleans(),
)
def test_till_and_hq_say_the_same_of_the_same(off, show, held, keys, again):
    """What one side answers would depend on which side is asked."""
    answers = {
        "found": Found(ADA, WALLET, ("Ada's",)),
        "elsewhere": KnownElsewhere(("known",)),
        "unknown": Unknown(("nobody",)),
    }
    text = show(NOW + off)
    mark = _shown(show()).mark
    used = remember(Used(), mark) if again and mark else Used()
    look = Shelf({WALLET: answers[held]})
    both = [_shown(text, look, used=used, held=keys) for _ in ("till", "HQ")]
    assert both[0] == both[1]
    opened = both[0].strength is Strength.PROVEN
    assert not opened or (abs(off) <= 90 and keys and held == "found" and not (again and off <= 0))
    assert isinstance(both[0].answer, Found | KnownElsewhere | Unknown)
