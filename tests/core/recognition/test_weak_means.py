"""Payment accounts, and names with postcodes: their one form, and what they never are."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.recognition import (
    Identifier,
    IdentifierType,
    RecognitionRules,
    means_of_typed,
    normalise,
)
from agent.core.recognition.name_postcode import key

RULES = RecognitionRules(("LC",), ("WEB-",), "DE", "store-0001")
PAR = "5001A1B2C3D4E5F6G7H8I9J0K1L2M"


def _key(value):
    return Identifier(IdentifierType.NAME_POSTCODE, value)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (PAR, PAR),
        (f" {PAR.lower()} ", PAR),
        (f"{PAR[:4]} {PAR[4:16]}-{PAR[16:]}", PAR),
        ("Adyen:8415736598641A", "adyen:8415736598641A"),
        ("acme-pay:tok_1a2b3c4d", "acme-pay:tok_1a2b3c4d"),
    ],
)
def test_a_payment_account_has_one_form(typed, value):
    """The same payment account would be two, one per terminal."""
    assert (Identifier(IdentifierType.PAR, value),) == means_of_typed(typed, "par", RULES)


@pytest.mark.parametrize(
    "typed",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "adyen:4111111111111111",
        "4111111111111111:a",
        "6304000000000000000",
        PAR[:-1],
        PAR + "A",
        "Ä" * 29,
        "adyen:short1",
        ":8415736598641A",
        "a d:8415736598641A",
        f"adyen:{'a' * 65}",
    ],
)
def test_a_card_number_is_never_a_payment_account(typed):
    """A PAN would be stored as an identifier, or repeated in a log (P9)."""
    with pytest.raises(InputFault) as caught:
        means_of_typed(typed, "par", RULES)
    assert typed not in str(caught.value)
    assert "never a card number" in caught.value.remedy


def test_a_payment_account_is_only_one_where_it_is_said():
    """Any long code would be looked up as somebody's payment account."""
    assert means_of_typed(PAR, None, RULES) == ()


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("Byron, 10115", "byron|10115"),
        ("Byron 10115", "byron|10115"),
        ("Ada Byron, 10115 Berlin", "byron|10115"),
        ("Byron, Ada, D-10115", "byron|10115"),
        ("BYRON, DE 10115", "byron|10115"),
        ("Müller, 1010", "muller|1010"),
        ("Mueller, A-1010 Wien", "muller|1010"),
        ("Muller 1010", "muller|1010"),
        ("Groß, 80331", "gross|80331"),
        ("Kjær, 2100", "kjar|2100"),
        ("Kjaer, 2100", "kjar|2100"),
        ("Łukasz Żółw, 00-950 Warszawa", "zolw|00950"),
        ("I\u011fd\u0131r, 76000", "igdir|76000"),
        ("O'Brien, SW1A 1AA", "obrien|SW1A1AA"),
        ("obrien sw1a1aa", "obrien|SW1A1AA"),
        ("de Vries, 1012 AB Amsterdam", "vries|1012AB"),
        ("de Vries, 1012ab", "vries|1012AB"),
        ("Tremblay, K1A 0B1", "tremblay|K1A0B1"),
        ("Svensson, 113 45 Stockholm", "svensson|11345"),
        ("Smith Jr., 90210-1234", "smith|90210"),
        ("John Smith III, CA 90210", "smith|90210"),
        ("Jr, 90210", "jr|90210"),
        ("\u0418\u0412\u0410\u041d, 101000", "\u0438\u0432\u0430\u043d|101000"),
        ("Byron\uff0c \uff11\uff10115", "byron|10115"),
        ("Müller-Lüdenscheid, 58507", "mullerludenscheid|58507"),
    ],
)
def test_name_and_postcode_have_one_form(typed, value):
    """The same person would be enrolled twice for a spelling."""
    assert (_key(value),) == means_of_typed(typed, "name_postcode", RULES)
    assert _key(value) == normalise(IdentifierType.NAME_POSTCODE, value, "DE")


@pytest.mark.parametrize(
    "typed",
    ["Byron", "10115", ", 10115", "Byron, Berlin", "Byron, 12", "Byron, 12345678901", "?, 1"],
)
def test_half_of_it_is_refused_without_repeating_it(typed):
    """A name alone would match half the town, or stand in the log."""
    with pytest.raises(InputFault) as caught:
        means_of_typed(typed, "name_postcode", RULES)
    assert typed not in str(caught.value.detail)
    assert "comma" in caught.value.remedy


def test_a_comma_says_that_it_is_a_name():
    """The cashier would have to say so; or any two words would be looked up as a person."""
    assert (_key("byron|10115"),) == means_of_typed("Byron, 10115", None, RULES)
    assert means_of_typed("Byron 10115", None, RULES) == ()
    assert means_of_typed("coffee, please", None, RULES) == ()


def test_the_key_of_a_record_is_the_key_that_is_typed():
    """HQ would blind another key than the till asks for."""
    assert _key("muller|10115") == key("Dr. Ada Müller", "D-10115")
    assert _key("byron|10115") == key("Byron, Ada", "10115")
    assert key("Ada", "") is None
    assert key("", "10115") is None


@settings(max_examples=400, deadline=None)
@example("\u2121 \u0149 \ufb01x, 123")
@example("baeeer, 123")
@example("a|b|c 123")
@given(st.text(max_size=30).map(lambda text: f"{text}, 10115"))
def test_the_form_of_a_form_is_itself(text):
    """A stored key would not be found by itself."""
    try:
        once = normalise(IdentifierType.NAME_POSTCODE, text, "DE")
    except InputFault:
        return
    assert once == normalise(IdentifierType.NAME_POSTCODE, once.value, "DE")
