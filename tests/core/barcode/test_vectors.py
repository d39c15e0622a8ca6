"""Values of every kind of AI, right and wrong, each with the reason it is refused for.

Made from the GS1 General Specifications (chapter 3 and 7.9 to 7.12) and the syntax tests that GS1's
Barcode Syntax Dictionary names for each AI; none is copied from anybody's test suite.
"""

from __future__ import annotations

import pytest

from agent.core.barcode import BarcodeRules, TradeItem, check_digit, read
from agent.core.barcode.check_digits import check_pair
from agent.core.barcode.elements import elements_of
from agent.core.barcode.unreadable import Unreadable

RULES = BarcodeRules((), "EUR")
GTIN = "09520123456788"
GS = "\x1d"
FORM, DATE, CODE, DIGIT = "malformed-ai", "bad-date", "unknown-code", "wrong-check-digit"


def whole(digits: str) -> str:
    """Add the check digit."""
    return digits + str(check_digit(digits))


def wrong(digits: str) -> str:
    """Add another than the check digit."""
    return digits + str((check_digit(digits) + 1) % 10)


def model(text: str) -> str:
    """Add the check characters of a global model number."""
    return text + check_pair(text)


COUPON = "0952012" + "123456" + "3150" + "110" + "123"
ALL_DIGITS = next(code for n in range(9999) if (code := model(f"9520{n}")).isdigit())
K13, K17, K18, K14 = "952012345678", "9520123456789012"[:16], "95201234567890123", "0952012345678"
TEXT_20, TEXT_30, TEXT_90 = "Ab/1-_!%&'()*+,.:;<=", 'x"' * 15, "Z" * 90

# AI, values that are right, values that are wrong by reason.
VALUES: tuple[tuple[str, tuple[str, ...], dict[str, tuple[str, ...]]], ...] = (
    ("00", (whole(K18[:17]),), {DIGIT: (wrong(K18[:17]),), FORM: ("123", "A" * 18)}),
    ("01", (GTIN, whole("9952012345678")), {DIGIT: (wrong(K14),), FORM: ("0952012345678X",)}),
    ("02", (GTIN,), {DIGIT: (wrong(K14),), FORM: ("0952012345678",)}),
    ("03", (GTIN,), {DIGIT: (wrong(K14),)}),
    ("10", ("A", "0", TEXT_20), {FORM: ("", "A" * 21, "A B", "Ä", "A~", "A#", "A$", "A@", "A^")}),
    *(
        (ai, ("260131", "280229", "260200", "000101"), {DATE: ("270229", "260431"), FORM: ("26",)})
        for ai in ("11", "12", "13", "15", "16", "17")
    ),
    ("20", ("00", "99"), {FORM: ("1", "A1")}),
    ("21", ("S", TEXT_20), {FORM: ("", "S" * 21, "a b")}),
    ("22", ("2A",), {FORM: ("A" * 21,)}),
    ("235", ("T" * 28,), {FORM: ("T" * 29, "")}),
    ("240", (TEXT_30,), {FORM: ("x" * 31,)}),
    ("241", (TEXT_30,), {FORM: ("x" * 31,)}),
    ("242", ("1", "123456"), {FORM: ("1234567", "12A")}),
    ("243", ("P" * 20,), {FORM: ("P" * 21,)}),
    ("250", (TEXT_30,), {FORM: ("",)}),
    ("251", (TEXT_30,), {FORM: ("",)}),
    ("253", (whole(K13), whole(K13) + "A" * 17), {DIGIT: (wrong(K13),), FORM: (K13,)}),
    ("254", ("X" * 20,), {FORM: ("X" * 21,)}),
    ("255", (whole(K13), whole(K13) + "1" * 12), {DIGIT: (wrong(K13),), FORM: (whole(K13) + "A",)}),
    ("30", ("1", "99999999"), {FORM: ("", "999999999", "1.5")}),
    *(
        (f"{kind}{n}", ("000000", "999999"), {FORM: ("12345", "12345A")})
        for kind, n in (("310", 0), ("310", 5), ("320", 3), ("315", 1), ("356", 2), ("337", 5))
    ),
    ("37", ("1", "99999999"), {FORM: ("999999999",)}),
    ("3900", ("1", "9" * 15), {FORM: ("9" * 16,)}),
    ("3912", ("9781",), {CODE: ("9001", "0001"), FORM: ("978",)}),
    ("3922", ("1", "9" * 15), {FORM: ("9" * 16, "1,5")}),
    ("3932", ("978250", "840250"), {CODE: ("123250",), FORM: ("978",)}),
    ("3942", ("1250",), {FORM: ("125", "12500")}),
    ("3952", ("001250",), {FORM: ("1250",)}),
    ("400", (TEXT_30,), {FORM: ("x" * 31,)}),
    ("401", ("9520", "9520ABC"), {FORM: ("952", "95A0")}),
    ("402", (whole(K17),), {DIGIT: (wrong(K17),), FORM: (K17,)}),
    ("403", ("R",), {FORM: ("R" * 31,)}),
    *(
        (str(ai), (whole(K13),), {DIGIT: (wrong(K13),), FORM: (K13,)})
        for ai in (410, 411, 412, 413, 414, 415, 416, 417)
    ),
    ("420", ("10115", "AB-1"), {FORM: ("X" * 21,)}),
    ("421", ("27610115",), {CODE: ("99910115",), FORM: ("276",)}),
    ("422", ("276", "528"), {CODE: ("000", "999"), FORM: ("27", "2760")}),
    ("423", ("276", "276528", "276528056250040"), {CODE: ("276001",), FORM: ("2765", "276" * 6)}),
    ("424", ("756",), {CODE: ("757",)}),
    ("425", ("756040",), {CODE: ("756041",)}),
    ("426", ("840",), {CODE: ("841",)}),
    ("427", ("BY", "CA"), {FORM: ("BAYE",)}),
    ("4300", ("Shop%20GmbH", "A"), {FORM: ("A%2", "A%G0", "x" * 36)}),
    ("4307", ("DE", "NL"), {CODE: ("XX", "QQ"), FORM: ("D", "DEU")}),
    ("4309", ("0000000000" * 2, "18000000003600000000"), {FORM: ("1800000001" + "0" * 10, "1")}),
    ("4316", ("Bavaria",), {FORM: ("%",)}),
    ("4317", ("FR",), {CODE: ("FX",)}),
    ("4321", ("0", "1"), {FORM: ("2", "10")}),
    ("4324", ("2607280930", "2607002359"), {DATE: ("2613280930", "2607282400", "2607280960")}),
    ("4326", ("260728",), {DATE: ("260700", "260732")}),
    ("4330", ("001234", "001234-"), {FORM: ("1234", "001234+")}),
    ("7001", ("1234567890123",), {FORM: ("123456789012",)}),
    ("7002", ("Cut-1",), {FORM: ("x" * 31,)}),
    ("7003", ("2607281200", "2402292359"), {DATE: ("2607002359", "2602300000"), FORM: ("260728",)}),
    ("7004", ("1234",), {FORM: ("12345",)}),
    ("7005", ("27.8",), {FORM: ("x" * 13,)}),
    ("7006", ("260728",), {DATE: ("260700", "260631")}),
    ("7007", ("260728", "260728260729"), {DATE: ("260728260732",), FORM: ("2607282", "2607")}),
    ("7008", ("COD",), {FORM: ("CODD",)}),
    ("7009", ("OTB",), {FORM: ("x" * 11,)}),
    ("7010", ("1",), {FORM: ("123",)}),
    ("7011", ("260728", "2607281530"), {DATE: ("2607281560", "260700"), FORM: ("26072815",)}),
    ("7020", ("L" * 20,), {FORM: ("L" * 21,)}),
    ("7023", ("9520A",), {FORM: ("95A0", "952")}),
    ("7030", ("276DE123", "999X"), {CODE: ("001X",), FORM: ("276",)}),
    ("7040", ("1ABC", "0--_"), {FORM: ("1AB=", "AABC", "1AB")}),
    ("710", ("P" * 20,), {FORM: ("P" * 21,)}),
    ("716", ("A",), {FORM: ("",)}),
    ("7230", ("EU1", "EM" + "x" * 28), {FORM: ("EU", "EU" + "x" * 29)}),
    ("7240", ("PROT-1",), {FORM: ("x" * 21,)}),
    ("7241", ("01", "10", "99"), {FORM: ("00", "11", "79", "1")}),
    ("7250", ("20000229", "19991231"), {DATE: ("20010229", "20000431"), FORM: ("20001301",)}),
    ("7251", ("200002292359",), {DATE: ("200102291200",), FORM: ("20000229", "200002292460")}),
    ("7252", ("0", "1", "2", "9"), {CODE: ("3", "8")}),
    ("7253", ("Byron",), {FORM: ("%ZZ", "x" * 41)}),
    ("7258", ("1/2", "3/3"), {FORM: ("0/2", "3/2", "12")}),
    (
        "8001",
        ("00010000100101", "00010000100191"),
        {FORM: ("00000000100101",), CODE: ("00010000100121",)},
    ),
    ("8002", ("+4917012345",), {FORM: ("x" * 21,)}),
    (
        "8003",
        ("0" + whole(K13), "0" + whole(K13) + "S1"),
        {DIGIT: ("0" + wrong(K13),), FORM: ("1" + whole(K13),)},
    ),
    ("8004", ("9520ABC", "9520"), {FORM: ("952", "A520", "9" * 31)}),
    ("8005", ("000199",), {FORM: ("199",)}),
    (
        "8006",
        (GTIN + "0102", GTIN + "0909"),
        {FORM: (GTIN + "0002", GTIN + "0302", GTIN + "0100"), DIGIT: (wrong(K14) + "0102",)},
    ),
    (
        "8007",
        ("DE89370400440532013000", "GB82WEST12345698765432"),
        {DIGIT: ("DE89370400440532013001", "XX89370400440532013000", "DE89")},
    ),
    (
        "8008",
        ("26072815", "2607281530", "260728153059"),
        {DATE: ("26022915",), FORM: ("260728", "260728153", "26072824")},
    ),
    ("8009", ("O" * 50,), {FORM: ("O" * 51,)}),
    ("8010", ("95201#-/A",), {FORM: ("9520a", "9520_", "A5201")}),
    ("8011", ("1", "0", "123456789012"), {FORM: ("01", "1234567890123")}),
    ("8012", ("v1.2",), {FORM: ("v" * 21,)}),
    (
        "8013",
        (model("9520Ad4X4"), model("1987654Ad4X4bL5ttr2310c")),
        {DIGIT: ("9520Ad4X4ZZ", "9520"), FORM: (model("A520x"),)},
    ),
    ("8014", (model("9520Ad4X4"),), {FORM: (ALL_DIGITS,), DIGIT: ("9520Ad4X4ZZ",)}),
    ("8017", (whole(K18[:17]),), {DIGIT: (wrong(K18[:17]),)}),
    ("8018", (whole(K18[:17]),), {DIGIT: (wrong(K18[:17]),), FORM: (K18[:17],)}),
    ("8019", ("1", "1234567890"), {FORM: ("12345678901",)}),
    ("8020", ("R" * 25,), {FORM: ("R" * 26,)}),
    ("8026", (GTIN + "0101",), {FORM: (GTIN + "0201",)}),
    ("8030", ("aB-_9",), {FORM: ("aB+9", "a" * 91)}),
    (
        "8110",
        (COUPON, COUPON + "3261231" + "4260101", COUPON + "1" + "0110123" + "9" + "90000"),
        {
            FORM: ("7952012123456", COUPON[:-1], COUPON + "7", COUPON + "1" + "4110123" + "9"),
            DATE: (COUPON + "3261331", COUPON + "3260101" + "4261231"),
        },
    ),
    ("8111", ("0100",), {FORM: ("100",)}),
    (
        "8112",
        ("0" + "0952012" + "123456" + "0123456",),
        {FORM: ("2" + "0952012" + "123456" + "0123456", "0" + "0952012" + "123456")},
    ),
    ("8200", ("https://example.com/a",), {FORM: ("x" * 71,)}),
    ("90", (TEXT_30,), {FORM: ("x" * 31,)}),
    *((str(ai), (TEXT_90,), {FORM: ("x" * 91, "")}) for ai in range(91, 100)),
)
UNKNOWN = ("04", "05", "09", "14", "18", "19", "23", "29", "38", "3106", "3170", "3960",
           "404", "409", "418", "429", "4327", "50", "60", "7000", "7012", "7024", "7050",
           "7220", "7243", "8000", "8015", "8100", "8113", "8201", "89",
           "A1")  # fmt: skip

RIGHT = [(ai, value) for ai, rights, _ in VALUES for value in rights]
WRONG = [
    (ai, value, reason)
    for ai, _, wrongs in VALUES
    for reason, values in wrongs.items()
    for value in values
]


def _reason(text: str) -> str | None:
    try:
        elements_of(text)
    except Unreadable as unreadable:
        return unreadable.reason.name
    return None


@pytest.mark.parametrize(("ai", "value"), RIGHT)
def test_a_right_value_is_read_to_the_letter(ai, value):
    """A symbol that obeys GS1's rules would be refused, or change on the way."""
    (one,) = elements_of(ai + value)
    assert (one.ai, one.value) == (ai, value)


@pytest.mark.parametrize(("ai", "value"), RIGHT)
def test_a_separator_behind_a_value_ends_it(ai, value):
    """An element behind FNC1 would be swallowed by the one before."""
    if ai in ("95", "01"):
        return
    found = elements_of(f"{GS}{ai}{value}{GS}95X{GS}")
    assert [(one.ai, one.value) for one in found] == [(ai, value), ("95", "X")]


@pytest.mark.parametrize(("ai", "value", "reason"), WRONG)
def test_a_wrong_value_is_refused_by_name(ai, value, reason):
    """A misprinted or misread symbol would pass for a right one."""
    assert reason == _reason(ai + value + GS)


@pytest.mark.parametrize("ai", UNKNOWN)
def test_an_ai_that_does_not_exist_is_refused(ai):
    """Digits of a misread symbol would be taken for data."""
    assert _reason(ai + "1234567890") == "unknown-ai"


EXCLUSIVE = (
    ("01", "02"), ("01", "255"), ("01", "37"), ("01", "03"), ("02", "03"), ("03", "37"),
    ("21", "235"), ("255", "02"), ("255", "415"), ("255", "8006"), ("255", "8020"),
    ("3100", "3103"), ("3201", "3202"), ("3152", "3155"), ("3690", "3691"), ("3300", "3305"),
    ("3900", "3912"), ("3900", "3942"), ("3900", "8111"), ("3912", "3913"), ("3922", "3923"),
    ("3922", "3932"), ("3932", "3933"), ("3942", "3943"), ("3942", "8111"), ("3952", "3922"),
    ("3952", "3932"), ("3952", "3953"), ("3952", "8005"), ("420", "421"), ("421", "4307"),
    ("422", "426"), ("423", "426"), ("424", "426"), ("425", "426"), ("4330", "4331"),
    ("4332", "4333"), ("7250", "7251"), ("7253", "7256"), ("7253", "7259"), ("7255", "7256"),
    ("7256", "7259"), ("8006", "01"), ("8006", "37"), ("8017", "8018"), ("8026", "02"),
    ("8026", "8006"),
)  # fmt: skip
SAMPLES = {ai: rights[0] for ai, rights, _ in VALUES}
SAMPLES |= {
    "3103": "000001", "3201": "000001", "3202": "000001", "3152": "000001", "3155": "000001",
    "3690": "000001", "3691": "000001", "3300": "000001", "3305": "000001", "3913": "9781",
    "3923": "1", "3933": "9781", "3943": "0001", "3953": "000001", "4331": "000001",
    "4332": "000001", "4333": "000001", "7255": "Jr", "7256": "A", "7259": "A",
    "7251": "200002292359",
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), EXCLUSIVE)
def test_ais_that_exclude_each_other_are_refused_in_any_order(one, other):
    """A label that contradicts itself would sell one of its two items."""
    for first, second in ((one, other), (other, one)):
        text = f"{first}{SAMPLES[first]}{GS}{second}{SAMPLES[second]}"
        assert _reason(text) == "contradicting-ai"


TOGETHER = (
    ("01", "10", "17", "21"), ("01", "3103", "3922"), ("01", "3103", "3932"), ("01", "15", "10"),
    ("01", "30"), ("01", "22", "21"), ("01", "235"), ("02", "37", "00"), ("01", "422"),
    ("01", "423", "424"), ("01", "3103", "3201"), ("01", "7003", "10"), ("414", "254"),
    ("415", "8020", "3912"), ("255", "3900"), ("255", "3942"), ("8018", "8019"),
    ("01", "250", "21"), ("01", "240", "241", "242"), ("01", "99", "91", "90"), ("8026", "37"),
    ("01", "310" + "5", "8008"), ("01", "8200"), ("01", "710", "716"),
)  # fmt: skip


@pytest.mark.parametrize("ais", TOGETHER)
def test_ais_that_belong_together_are_read(ais):
    """A right symbol would be refused for what stands beside each other in it."""
    samples = SAMPLES | {"3105": "000001"}
    text = GS.join(ai + samples[ai] for ai in ais)
    assert [one.ai for one in elements_of(text)] == list(ais)


LONELY = (
    ("3922", "1"), ("3932", "978250"), ("3952", "000100"), ("250", "A"), ("12", "260131"),
    ("254", "A"), ("403", "R"), ("427", "BY"), ("4303", "A"), ("4321", "1"), ("7004", "1"),
    ("7020", "A"), ("7022", "A"), ("7242", "A"), ("8011", "1"), ("8019", "1"), ("8020", "A"),
    ("8111", "0100"), ("7257", "A"), ("3900", "1"), ("8030", "a"),
)  # fmt: skip


@pytest.mark.parametrize(("ai", "value"), LONELY)
def test_a_missing_companion_is_noted_and_the_item_sold(ai, value):
    """A printer's slip beside the item would keep it from being sold, or nobody hear of it."""
    reading = read(f"]C101{GTIN}{ai}{value}".encode(), RULES)
    assert isinstance(reading.meanings[0], TradeItem)
    assert [reason.name for reason in reading.reasons] == ["missing-ai"]
    assert ai in reading.reasons[0].detail


def test_variable_measure_without_a_measure_is_noted():
    """A weighed pack would be sold by the piece, and nobody hear of it."""
    variable = whole("9952012345678")
    for more, names in (("", ["no-measure"]), ("3103000500", []), ("3002", []), ("3112000150", [])):
        reading = read(f"]e001{variable}{more}".encode(), RULES)
        assert names == [reason.name for reason in reading.reasons]
        assert reading.meanings[0].gtin == variable


def test_more_elements_than_any_pack_has_are_refused():
    """A symbol made to keep the till busy would do so."""
    assert _reason(GS.join(["99A"] * 64)) is None
    assert _reason(GS.join(["99A"] * 65)) == "too-many-ais"


def test_this_table_is_as_long_as_it_should_be():
    """Cases could vanish from the table without anybody seeing it."""
    rest = (UNKNOWN, EXCLUSIVE, TOGETHER, LONELY)
    assert len(RIGHT) + len(WRONG) + sum(len(each) for each in rest) > 450
