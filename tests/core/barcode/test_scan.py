"""Whole scans, as scanners send them."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.core.barcode import BarcodeRules, InStoreItem, PlainText, Reading, TradeItem, read
from agent.core.barcode.check_digits import check_digit
from agent.core.barcode.scan import SCAN_BYTES_MAX

RULES = BarcodeRules(("21IIIIIPPPPPC", "22IIIIIWWWWWC"), "EUR")
GS = "\x1d"


def _read(text: str, rules: BarcodeRules = RULES) -> Reading:
    return read(text.encode("latin-1"), rules)


def _gtins(reading: Reading) -> list[str]:
    return [meaning.gtin for meaning in reading.meanings if isinstance(meaning, TradeItem)]


def _names(reading: Reading) -> list[str]:
    return [reason.name for reason in reading.reasons]


@pytest.mark.parametrize(
    ("scan", "symbology", "gtin"),
    [
        ("]E04006381333931", "ean-13", "04006381333931"),
        ("4006381333931", None, "04006381333931"),
        ("4006381333931\r\n", None, "04006381333931"),
        ("\n]E04006381333931", "ean-13", "04006381333931"),
        ("]E0400638133393112", "ean-13", "04006381333931"),
        ("]E3400638133393112345", "ean-13", "04006381333931"),
        ("]E496385074", "ean-8", "00000096385074"),
        ("96385074", None, "00000096385074"),
        ("]E0036000291452", "ean-13", "00036000291452"),
        ("]E00036000291452", "ean-13", "00036000291452"),
        ("036000291452", None, "00036000291452"),
        ("]I110614141000415", "itf", "10614141000415"),
        ("]I010614141000415", "itf", "10614141000415"),
        ("10614141000415", None, "10614141000415"),
        ("]C10109520123456788", "gs1-128", "09520123456788"),
        ("]e00109520123456788", "databar", "09520123456788"),
        ("]d20109520123456788", "gs1-datamatrix", "09520123456788"),
        ("]Q30109520123456788", "gs1-qr", "09520123456788"),
        ("]J10109520123456788", "gs1-dotcode", "09520123456788"),
        ("0109520123456788", None, "09520123456788"),
        (GS + "0109520123456788", None, "09520123456788"),
        ("]Q1https://example.com/01/09520123456788", "qr", "09520123456788"),
        ("]d1https://example.com/01/09520123456788", "datamatrix", "09520123456788"),
        ("]Q3https://example.com/01/09520123456788", "gs1-qr", "09520123456788"),
        ("]d2https://example.com/01/09520123456788", "gs1-datamatrix", "09520123456788"),
        ("]Q1HTTPS://EXAMPLE.COM/01/09520123456788", "qr", "09520123456788"),
        ("]Q1HtTp://example.com/01/09520123456788", "qr", "09520123456788"),
        ("https://example.com/01/09520123456788", None, "09520123456788"),
        ("]Q2\\000026https://example.com/01/09520123456788", "qr", "09520123456788"),
    ],
)
def test_every_symbol_of_one_pack_is_its_gtin(scan, symbology, gtin):
    """A pack would not be found, or be another item, by one of its symbols."""
    reading = _read(scan)
    assert symbology == reading.symbology
    assert [gtin] == _gtins(reading)
    assert reading.reasons == ()


@pytest.mark.parametrize(
    ("upc_e", "upc_a"),
    [
        ("01234505", "012000003455"),
        ("01234514", "012100003454"),
        ("01234523", "012200003453"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("01234558", "012345000058"),
        ("01234596", "012345000096"),
        ("11234562", "112345000062"),
    ],
)
def test_upc_e_expands_by_the_table_of_the_standard(upc_e, upc_a):
    """A small pack would be sold as another item."""
    assert [upc_a.zfill(14)] == _gtins(_read("]E0" + upc_e))


@pytest.mark.parametrize("part", ["123455", "0123455"])
def test_upc_e_without_its_check_digit_is_no_item(part):
    """Half a scan of another symbol would sell some other goods."""
    assert ["no-check-digit"] == _names(_read("]E0" + part))


def test_upc_e_has_number_system_zero_or_one():
    """Digits that are no UPC-E would be expanded into some GTIN."""
    assert _names(_read("]E021234558")) == ["not-a-upc-e"]


def test_eight_digits_without_aim_keep_both_readings():
    """Either the EAN-8 or the UPC-E of these digits could never be sold."""
    both = next(
        text
        for text in (f"0{n:06}" for n in range(1_000_000))
        for text in [text + str(check_digit(text))]
        if len(_gtins(_read(text))) == 2
    )
    assert both.zfill(14) == _gtins(_read(both))[0]


@pytest.mark.parametrize("scan", ["]E04006381333932", "4006381333932", "]E496385075", "96385075"])
def test_wrong_check_digit_is_no_item_but_a_reason(scan):
    """A misread code would sell another item, or fail without saying why."""
    reading = _read(scan)
    assert _gtins(reading) == []
    assert _names(reading) == ["wrong-check-digit"]
    assert "expected" in reading.reasons[0].detail
    assert "got" in reading.reasons[0].detail


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        ("]E02112345012995", InStoreItem("2112345", "21IIIIIPPPPPC", price=1299)),
        ("2112345012995", InStoreItem("2112345", "21IIIIIPPPPPC", price=1299)),
        ("]E02247110003455", InStoreItem("2247110", "22IIIIIWWWWWC", weight=345)),
    ],
)
def test_in_store_codes_have_price_or_weight(scan, expected):
    """The scale's label would be unknown, or be sold at a wrong price."""
    twelve = scan[-13:-1]
    assert scan.endswith(str(check_digit(twelve)))
    assert (expected, PlainText(scan[-13:])) == _read(scan).meanings


def test_in_store_price_of_upc_a():
    """Number system 2 of UPC-A, the American scale label, would be no in-store code."""
    twelve = "2" + "12345" + "01299"
    scan = twelve + str(check_digit(twelve))
    rules = BarcodeRules(("02IIIIIPPPPPC",), "USD")
    assert _read("]E0" + scan, rules).meanings[0] == InStoreItem(
        "0212345", "02IIIIIPPPPPC", price=1299
    )


def test_restricted_number_without_pattern_stays_an_item():
    """A store's own fixed-price article (20…) could not be sold by its code."""
    assert ["02012345678903"] == _gtins(_read("]E02012345678903"))


def test_attributes_of_elements_are_taken():
    """Lot, expiry, serial, weight, count or price of the symbol would be lost."""
    reading = _read(f"]C1010952012345678817280200310300123410AB-1{GS}21S/1{GS}3005{GS}39220299")
    assert reading.meanings[0] == TradeItem(
        gtin="09520123456788",
        lot="AB-1",
        expiry="2028-02-29",
        serial="S/1",
        weight=1234,
        count=5,
        price=299,
    )
    assert GS in reading.text


@pytest.mark.parametrize(
    ("elements", "field", "value"),
    [
        ("3100000002", "weight", 2000),
        ("3105012345", "weight", 123),
        ("3105012350", "weight", 124),
        ("15991231", "expiry", "1999-12-31"),
        ("15270100", "expiry", "2027-01-31"),
        ("3012", "count", 12),
        ("3920299", "price", 29900),
        ("392329900", "price", 2990),
        ("39329780299", "price", 299),
    ],
)
def test_measures_scale_by_their_last_ai_digit(elements, field, value):
    """A weight or price would be wrong by a power of ten."""
    item = _read("]C10109520123456788" + elements).meanings[0]
    assert value == getattr(item, field)


@pytest.mark.parametrize(
    ("elements", "currency", "reason"),
    [
        ("39232991", "EUR", "price-too-precise"),
        ("39220299", "JPY", "price-too-precise"),
        ("39328400299", "EUR", "foreign-currency"),
        ("39328400299", "XXX", "foreign-currency"),
        ("0209520123456788", "EUR", "contradicting-ai"),
        ("17281332", "EUR", "malformed-ai"),
        ("17270231", "EUR", "bad-date"),
        ("70032702310000", "EUR", "bad-date"),
        ("4326270200", "EUR", "bad-date"),
        ("10", "EUR", "malformed-ai"),
        ("10" + "A" * 21, "EUR", "malformed-ai"),
        ("10A" + GS + "10B", "EUR", "repeated-ai"),
        ("0509", "EUR", "unknown-ai"),
        ("3", "EUR", "unknown-ai"),
        ("3103" + "00" + GS + "1234", "EUR", "malformed-ai"),
    ],
)
def test_bad_elements_are_reasons(elements, currency, reason):
    """A misread symbol would sell something, or be refused without a reason."""
    scan = "]C10109520123456788" + elements
    reading = _read(scan, BarcodeRules((), currency))
    assert _gtins(reading) == []
    assert [reason] == _names(reading)


def test_exact_repetition_of_an_element_is_harmless():
    """A composite symbol that repeats its GTIN would be refused."""
    assert ["09520123456788"] == _gtins(_read("]C1" + "0109520123456788" * 2))


def test_wrong_check_digit_of_ai_01():
    """A misread GS1-128 would sell another item."""
    assert _names(_read("]C10109520123456789")) == ["wrong-check-digit"]


@pytest.mark.parametrize(
    ("scan", "text"),
    [
        ("]C18018952012345678900007", "8018952012345678900007"),
        ("]Q1https://example.com/8018/952012345678900007", "8018952012345678900007"),
        ("]C12559520123456788123456", "2559520123456788123456"),
    ],
)
def test_customers_and_coupons_of_gs1_keep_their_key(scan, text):
    """A customer's service number or a coupon would not reach recognition."""
    reading = _read(scan)
    assert PlainText(text) in reading.meanings
    assert reading.reasons == ()


def test_a_logistic_label_says_that_it_is_no_item():
    """The cashier would not learn why the pallet label cannot be sold."""
    reading = _read("]C100106141411234567897")
    assert _names(reading) == ["no-trade-item"]


@pytest.mark.parametrize(
    ("scan", "symbology"),
    [
        ("]C0LC0041061", "code-128"),
        ("]A0LC0041061", "code-39"),
        ("]F0A1234B", "codabar"),
        ("]L0text", "pdf417"),
        ("]z0text", "aztec"),
        ("]Q1text", "qr"),
        ("]d1text", "datamatrix"),
        ("]X0LC0041061", "other"),
        ("]I1123456", "itf"),
        ("]E112", "ean-add-on"),
        ("]C0WEB-10001", "code-128"),
    ],
)
def test_symbols_without_numbers_are_text(scan, symbology):
    """A loyalty card or an order would be dropped, or be blamed for not being a GTIN."""
    reading = _read(scan)
    assert (PlainText(scan[3:]),) == reading.meanings
    assert symbology == reading.symbology
    assert scan[:3] == reading.aim
    assert scan == reading.raw
    assert reading.reasons == ()


def test_aim_ids_decide_what_is_possible():
    """A misread GS1-128 would be sold as an item of a shorter number."""
    assert _gtins(_read("]C14006381333931")) == []
    assert _gtins(_read("]F04006381333931")) == []
    assert _gtins(_read("]Q34006381333931")) == []


@pytest.mark.parametrize("aim", ["]C0", "]A0", "]G0", "]Q1", "]d1", "]z0", "]L0", "]J0"])
@pytest.mark.parametrize(
    ("digits", "gtin"),
    [
        ("4006381333931", "04006381333931"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
        ("10614141000415", "10614141000415"),
    ],
)
def test_an_own_label_in_any_symbol_is_its_gtin_after_its_text(aim, digits, gtin):
    """A shelf label in Code 128 could not be sold, or a card of 13 digits would be an item."""
    reading = _read(aim + digits)
    assert reading.meanings[0] == PlainText(digits)
    assert [gtin] == _gtins(reading)
    assert _names(reading) == ["plain-gtin"]


@pytest.mark.parametrize("scan", ["]C04006381333932", "]C0400638133393", "]Q10001"])
def test_digits_that_are_no_gtin_are_mere_text(scan):
    """A member number would be blamed for a wrong check digit."""
    assert _read(scan).meanings == (PlainText(scan[3:]),)
    assert _read(scan).reasons == ()


@pytest.mark.parametrize(
    ("scan", "reason"),
    [
        ("]E0123", "not-a-gtin"),
        ("]E0LC12345678901", "not-a-gtin"),
        ("]E41234567", "not-a-gtin"),
        ("]E4ABCDEFGH", "not-a-gtin"),
        ("]I110614141000416", "wrong-check-digit"),
        ("]", "unknown-aim"),
        ("]%0123", "unknown-aim"),
        ("]Y3123", "unknown-aim"),
        ("]E0", "empty"),
        ("", "empty"),
        (" \r\n", "empty"),
        ("\x02abc", "control-characters"),
        ("abc\x7f", "control-characters"),
        ("[)>\x1e06\x1d1P123\x1e\x04", "control-characters"),
        ("\xff\xfe\xfd", "undecodable"),
        ("01" + "1" * 20, "wrong-check-digit"),
    ],
)
def test_what_cannot_be_read_says_why(scan, reason):
    """A person would see nothing happen after a scan."""
    reading = _read(scan)
    assert reason in _names(reading)
    assert all(why.detail for why in reading.reasons)


def test_text_of_other_scripts_is_kept():
    """A QR code with a name in it would be mangled."""
    reading = read("]Q1Žluťoučký 漢".encode(), RULES)
    assert reading.meanings == (PlainText("Žluťoučký 漢"),)


@pytest.mark.parametrize(
    "scan", ["\uff14\uff10", "4006381333\uff1931", "]C1\u0660\u066109520123456788"]
)
def test_digits_of_other_scripts_are_no_digits(scan):
    """Full-width or Arabic digits would reach the look-up as a GTIN."""
    assert _gtins(read(scan.encode(), RULES)) == []


def test_a_megabyte_of_noise_is_one_short_reading():
    """Noise on the line would fill events and logs."""
    reading = read(b"\xaa" * 1_000_000, RULES)
    assert _names(reading) == ["too-long"]
    assert len(reading.raw) < 100
    assert read(b"1" * SCAN_BYTES_MAX, RULES).meanings != ()


def test_a_bad_pattern_of_the_settings_is_a_reason():
    """One wrong letter in the settings would stop every scan."""
    reading = _read("]E04006381333931", BarcodeRules(("nonsense",), "EUR"))
    assert _names(reading) == ["bad-pattern"]


FRAGMENTS = [
    *("01", "09520123456788", "10", "21", "17", "281231", "3103", "392", "8018", "00", "A1", GS),
    *("]", "E0", "C1", "Q3", "d2", "e0", "https://", "HTTP://a/", "/01/", "?", "%", "\\000026"),
    *("2112345", "2", "99", "255", "8110", "0", "\r", "\xe9"),
]
AI_NOISE = st.lists(st.sampled_from(FRAGMENTS)).map("".join)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200) | AI_NOISE.map(lambda text: text.encode("latin-1")))
@example(b"]")
@example(b"]Q1https://")
@example(b"]Q1https://[/01/09520123456788")
@example(b"https://a/01/%00")
@example(b"]C1\x1d\x1d")
@example(b"]C1801\x1d8")
def test_no_bytes_ever_raise(raw):
    """One odd scan would stop the till."""
    reading = read(raw, RULES)
    assert reading.meanings or reading.reasons
    assert raw.decode("latin-1") == reading.raw


@settings(max_examples=500, deadline=None)
@given(st.text("0123456789", min_size=12, max_size=12))
def test_every_gtin_reads_back(twelve):
    """Some number would be refused or changed on the way."""
    code = twelve + str(check_digit(twelve))
    assert [code.zfill(14)] == _gtins(_read("]E0" + code, BarcodeRules((), "EUR")))
    assert [code.zfill(14)] == _gtins(_read("]C101" + code.zfill(14)))
