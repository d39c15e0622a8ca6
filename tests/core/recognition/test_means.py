"""What a scan or a typed text can name, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.barcode import BarcodeRules, check_digit, read
from agent.core.faults import InputFault
from agent.core.identifiers import ItemId
from agent.core.recognition import (
    CouponKey,
    Identifier,
    IdentifierType,
    ItemKey,
    OrderKey,
    ReceiptKey,
    RecognitionRules,
    means_of,
    means_of_typed,
    normalise,
    reasons_of,
)

RULES = RecognitionRules(("LC",), ("WEB-", "shop_"), "DE", "store-0001")
BARCODES = BarcodeRules(("21IIIIIPPPPPC",), "EUR")
RECEIPT = "store-0001-till-1-3f9a-17"


def _scanned(text: str):
    return means_of(read(text.encode(), BARCODES), RULES)


def _whole(digits: str) -> str:
    return digits + str(check_digit(digits))


PHONE = Identifier(IdentifierType.PHONE, "+491701234567")
EMAIL = Identifier(IdentifierType.EMAIL, "ada.byron@example.com")


@pytest.mark.parametrize(
    ("scan", "means"),
    [
        ("]E04006381333931", (ItemKey(gtin="04006381333931"),)),
        ("]E0" + _whole("211234501299"), (ItemKey(reference="2112345"),)),
        ("]Q1https://a/01/09520123456788", (ItemKey(gtin="09520123456788"),)),
        ("]C0WEB-10001", (OrderKey("WEB-10001"),)),
        ("]C0web-10001", (OrderKey("WEB-10001"),)),
        ("]C0shop_7a", (OrderKey("shop_7a"),)),
        ("]C0" + RECEIPT, (ReceiptKey(RECEIPT),)),
        ("]A0" + RECEIPT.upper(), (ReceiptKey(RECEIPT),)),
        ("]E0" + _whole("981234567890"), (CouponKey(_whole("981234567890")),)),
        ("]E0" + _whole("991234567890"), (CouponKey(_whole("991234567890")),)),
        ("]E0" + _whole("980234567890"), (CouponKey(_whole("980234567890")),)),
        ("]E0" + _whole("052345678901"), (CouponKey(_whole("052345678901")),)),
        ("]E0" + _whole("52345678901"), (CouponKey("0" + _whole("52345678901")),)),
        ("]C0991234567890" + str(9 - check_digit("991234567890")), ()),
        ("]C0" + _whole("400638133393"), (ItemKey(gtin="04006381333931"),)),
        (
            "]e08110095201212345631501101233261231",
            (CouponKey("8110095201212345631501101233261231"),),
        ),
        ("]C1255" + _whole("952012345678"), (CouponKey("255" + _whole("952012345678")),)),
        ("]Q1Ada.Byron@Example.com", (EMAIL,)),
        ("]C00170 1234567", ()),
        ("]C0hello", ()),
        ("4011", (ItemKey(reference="4011"),)),
        ("]C04011", ()),
        ("+49 170 1234567", (PHONE,)),
        ("0170 / 123 45-67", (PHONE,)),
        ("tel:01701234567", (PHONE,)),
        ("01701234567", ()),
        ("036000291453", ()),
        ("]C0WEB-", ()),
        ("]C0WEB-" + "1" * 80, ()),
        ("]E04006381333932", ()),
        ("", ()),
    ],
)
def test_scans_name_what_they_are(scan, means):
    """A scan would be taken for the wrong kind of thing, or for nothing."""
    assert means == _scanned(scan)


def test_both_readings_of_eight_digits_are_means():
    """Either the EAN-8 or the UPC-E of the same digits could never be sold."""
    assert [ItemKey(gtin="00000001234565"), ItemKey(gtin="00012345000065")] == list(
        _scanned("01234565")
    )


@pytest.mark.parametrize(
    ("text", "means"),
    [
        (
            "4006381333931",
            (ItemKey(gtin="04006381333931"), Identifier(IdentifierType.PHONE, "+494006381333931")),
        ),
        (
            "400 6381 333931",
            (ItemKey(gtin="04006381333931"), Identifier(IdentifierType.PHONE, "+494006381333931")),
        ),
        ("4011", (ItemKey(reference="4011"),)),
        (
            "96385074",
            (ItemKey(gtin="00000096385074"), Identifier(IdentifierType.PHONE, "+4996385074")),
        ),
        ("0170/1234567", (PHONE,)),
        ("0170 123 45 67", (PHONE,)),
        ("+49 170 1234567", (PHONE,)),
        ("0049 170 1234567", (PHONE,)),
        ("tel:+491701234567", (PHONE,)),
        (" Ada.Byron@Example.COM ", (EMAIL,)),
        ("web-10001", (OrderKey("WEB-10001"),)),
        ("WEB-10a", (OrderKey("WEB-10a"), OrderKey("WEB-10A"))),
        (RECEIPT, (ReceiptKey(RECEIPT),)),
        ("a@b", ()),
        ("+", ()),
        ("+999999", ()),
        ("hello", ()),
        ("²²²²²²²²", ()),
        (
            _whole("981234567890"),
            (
                CouponKey(_whole("981234567890")),
                Identifier(IdentifierType.PHONE, "+49" + _whole("981234567890")),
            ),
        ),
    ],
)
def test_typed_texts_name_what_they_are(text, means):
    """The cashier would have to say what kind of number it is."""
    assert means == means_of_typed(text, None, RULES)


@pytest.mark.parametrize(
    ("said", "text", "means"),
    [
        ("phone", "0170 1234567", (PHONE,)),
        ("email", "Ada.Byron@example.com", (EMAIL,)),
        ("web_account", " u-1 ", (Identifier(IdentifierType.WEB_ACCOUNT, "u-1"),)),
        ("order_no", "ANY-1", (OrderKey("ANY-1"),)),
        ("order", "web-1", (OrderKey("WEB-1"),)),
        ("receipt_no", RECEIPT, (ReceiptKey(RECEIPT),)),
        ("receipt", RECEIPT, (ReceiptKey(RECEIPT),)),
        ("gtin", "4006381333931", (ItemKey(gtin="04006381333931"),)),
        ("plu", "4011", (ItemKey(reference="4011"),)),
        ("item_id", "coffee", (ItemKey(item_id=ItemId("coffee")),)),
        ("item", "coffee", (ItemKey(item_id=ItemId("coffee")),)),
        ("item", "4011", (ItemKey(reference="4011"), ItemKey(item_id=ItemId("4011")))),
        ("coupon", "SUMMER", (CouponKey("SUMMER"),)),
    ],
)
def test_a_said_type_decides(said, text, means):
    """What the cashier or the API said would be guessed anew."""
    assert means == means_of_typed(text, said, RULES)


@pytest.mark.parametrize(
    ("said", "text", "says"),
    [
        ("shoe_size", "42", "one of: card, coupon"),
        ("gtin", "4006381333932", "printed"),
        ("gtin", "4011", "printed"),
        ("plu", "4006381333931", "printed"),
        ("phone", "abc", "dialled"),
        ("phone", "1", "dialled"),
        ("phone", "0170 1234567 ext. 8", "dialled"),
        ("phone", "0" * 60, "dialled"),
        ("email", "a@b", "name@example.com"),
        ("email", "a" * 300 + "@example.com", ""),
        ("receipt", "store-0001", "3f9a-17"),
        ("receipt", "a" * 130 + "-t-3f9a-17", "3f9a-17"),
        ("order", "x" * 65, "64"),
        ("web_account", "x" * 129, "128"),
        (None, "", "256"),
        (None, "x" * 257, "256"),
    ],
)
def test_what_cannot_be_meant_says_what_to_do(said, text, says):
    """The cashier would be left with a refusal and no remedy."""
    with pytest.raises(InputFault) as caught:
        means_of_typed(text, said, RULES)
    assert says in caught.value.remedy


@pytest.mark.parametrize(("said", "text"), [("phone", "0170123"), ("email", "ada@b")])
def test_faults_do_not_repeat_personal_data(said, text):
    """A phone number or e-mail address would stand in the log."""
    with pytest.raises(InputFault) as caught:
        means_of_typed(text + "x" * 50, said, RULES)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "text", "value"),
    [
        (IdentifierType.LOYALTY_CARD, "lc 12-34", "LC1234"),
        (IdentifierType.PHONE, "030 1234567", "+49301234567"),
        (IdentifierType.PHONE, "+44 7700 900123", "+447700900123"),
        (IdentifierType.EMAIL, "ÜBER@BÜCHER.de", "über@bücher.de"),
        (IdentifierType.WEB_ACCOUNT, " Abc ", "Abc"),
        (IdentifierType.ORDER_NO, " WEB-1 ", "WEB-1"),
        (IdentifierType.RECEIPT_NO, RECEIPT.upper(), RECEIPT),
    ],
)
def test_every_type_has_one_form(said, text, value):
    """Till and HQ would compare different spellings of one identifier."""
    assert Identifier(said, value) == normalise(said, text, "DE")


def test_every_type_can_be_normalised():
    """A new type of identifier would fail at the first customer who has one."""
    for each in IdentifierType:
        with pytest.raises(InputFault):
            normalise(each, " ", "DE")


def test_the_region_decides_what_a_local_number_is():
    """A customer in Austria would get a German number."""
    austrian = normalise(IdentifierType.PHONE, "0664 1234567", "AT")
    assert austrian.value == "+436641234567"


def test_a_store_with_capitals_keeps_its_receipt_numbers():
    """A receipt of store `S1` would be looked up as `s1` and not be found."""
    rules = RecognitionRules(store="S1")
    reading = read(b"S1-T1-AB12-7", BARCODES)
    assert means_of(reading, rules) == (ReceiptKey("S1-T1-AB12-7"),)


def test_reasons_of_a_scan_are_kept():
    """A wrong check digit would be forgotten on the way to the cashier."""
    names = [reason.name for reason in reasons_of(read(b"4006381333932", BARCODES), RULES)]
    assert names == ["wrong-check-digit"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_no_typed_text_raises(text):
    """One odd text would stop the till."""
    if 0 < len(text.strip()):
        assert isinstance(means_of_typed(text, None, RULES), tuple)
