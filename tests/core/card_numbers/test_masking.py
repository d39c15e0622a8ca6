"""What happens to a card number that was written where it must not be."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.card_numbers import (
    CardNumberGiven,
    Finding,
    mask_document,
    refuse_card_numbers,
)
from agent.core.card_numbers.masking import DEPTH_MAX
from agent.core.faults import InputFault

VISA = "4111111111111111"
STRIPE = f";{VISA}=25121010000?"


def test_a_card_number_is_refused_and_not_repeated():
    """The fault itself would carry the number into logs and replies."""
    with pytest.raises(CardNumberGiven) as refused:
        refuse_card_numbers({"reason": None, "note": "nice", "name": f"card {VISA}"})
    fault = refused.value
    assert ("card-number", 400) == (fault.name, fault.status)
    assert "name holds the number of a payment card (Visa, 16 digits, the last are 1111)" == (
        fault.detail
    )
    assert VISA not in str(fault)
    assert "last four digits" in fault.remedy


@pytest.mark.parametrize("field", ["note", "gtin", "card", "scan"])
def test_a_stripe_is_refused_anywhere(field):
    """A bank card swiped instead of a loyalty card would be kept as a loyalty card."""
    with pytest.raises(CardNumberGiven, match=f"{field} holds the magnetic stripe"):
        refuse_card_numbers({field: STRIPE})


def test_a_stripe_of_an_unknown_issuer_is_refused_without_a_name():
    """The fault would name a scheme that it is not."""
    with pytest.raises(CardNumberGiven, match=r"stripe of a payment card \(13 digits"):
        refuse_card_numbers({"note": ";9234567890121=2512101?"})


def test_fields_of_a_kind_may_hold_any_number():
    """A loyalty card or an article in the range of an issuer could not be entered."""
    refuse_card_numbers({"card": VISA, "gtin": "36227206271667", "order_no": VISA})


def test_a_document_without_card_numbers_stays_what_it_is():
    """Sales would be changed for nothing."""
    document = {
        "gtins": [VISA],
        "lines": [{"name": "Milk", "quantity": 1000, "ok": True, "note": None}],
        "party": {"card": VISA},
    }
    masked = mask_document(document)
    assert masked.value is document
    assert () == masked.findings


def test_card_numbers_are_masked_wherever_they_stand():
    """A sale of other software would be lost, or keep the number."""
    document = {
        "tenders": ({"kind": "card", "reference": f"{VISA} 12/27"}, {"amount": int(VISA)}),
        "gtin": STRIPE,
        VISA: 1,
        "****1111": 2,
        "card": {"name": VISA, "number": 5},
        "n": 1.5,
    }
    masked = mask_document(document)
    assert {
        "tenders": [{"kind": "card", "reference": "****1111"}, {"amount": "****1111"}],
        "gtin": "****1111",
        "****1111": 1,
        "****1111'": 2,
        "card": {"name": "****1111", "number": 5},
        "n": 1.5,
    } == masked.value
    assert [
        Finding("tenders[0].reference", "number", 16, "1111", "Visa"),
        Finding("tenders[1].amount", "number", 16, "1111", "Visa"),
        Finding("gtin", "track", 16, "1111", "Visa"),
        Finding("*", "number", 16, "1111", "Visa"),
        Finding("card.name", "number", 16, "1111", "Visa"),
    ] == list(masked.findings)
    assert VISA not in repr(masked)
    assert b"1111" in msgspec.json.encode(masked)


def test_a_key_below_is_told_by_where_it_stands():
    """A finding could not be found again."""
    assert "a.*" == mask_document({"a": {VISA: 1}}).findings[0].path


def test_a_document_nested_without_end_is_refused():
    """A hostile document would end the program."""
    document = "x"
    for _ in range(DEPTH_MAX + 1):
        document = [document]
    with pytest.raises(InputFault) as refused:
        mask_document(document)
    assert "nested-too-deeply" == refused.value.name
    assert mask_document(document[0]).value is document[0]


def test_the_kinds_of_fields_can_be_told():
    """A web store with names of its own could not say which of them hold identifiers."""
    assert () == mask_document({"artikel": VISA}, frozenset({"artikel"})).findings
    assert 1 == len(mask_document({"artikel": VISA}).findings)
