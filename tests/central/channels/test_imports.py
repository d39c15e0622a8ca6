"""Files in: every good row goes in, every bad one is named with its line, none blocks another."""

from __future__ import annotations

import json

import pytest

from agent.core.faults import InputFault
from agent.core.history import Strength
from agent.core.recognition.items import Item, Price
from central.channels.imports import import_customers, import_items
from central.identity.attributes import attributes_of, observe
from central.identity.parties import Origin, ensure
from central.ledger.customer_tables import ATTRIBUTES, IDENTIFIERS, ITEM_KEYS, ITEMS, PARTIES
from central.ledger.engine import reading, writing

ITEM_HEAD = "item_id,name,tax,price,gtin,reference,unit,department,valid_from,valid_until\n"
CUSTOMER_HEAD = "source_id,name,card,phone,email,country,tier,points,consents\n"
NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def items(ledger, tmp_path):
    return _importer(ledger, tmp_path / "items.csv", import_items)


@pytest.fixture
def customers(ledger, tmp_path):
    return _importer(ledger, tmp_path / "customers.csv", import_customers)


def _importer(ledger, path, take_in):
    def _import(text):
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return take_in(ledger, path)

    return _import


def figures(report):
    return report.rows, report.added, report.changed, report.unchanged, report.skipped


def test_item_reaches_the_tills_as_written(items, feed, rows):
    """The till would charge another price than the one HQ was given."""
    report = items(
        ITEM_HEAD
        + "i-1,Coffee 250 g,reduced standard,4.49,4006381333931 96385074,,,Pantry,,\n"
        + 'i-1,"Coffee, 250 g",reduced,4.79,4006381333931,,,Pantry,2026-12-01,\n'
        + "i-2,Cheese,reduced,21.90,,2110909,KG,,,\n"
    )
    assert figures(report) == (3, 2, 0, 0, 0)
    assert feed()["global", "item:i-1"] == (
        "put",
        {
            "item_id": "i-1",
            "name": "Coffee, 250 g",
            "taxes": ["reduced"],
            "gtins": ["04006381333931", "00000096385074"],
            "reference": None,
            "unit": "each",
            "prices": [
                {"amount": 449, "valid_from": None, "valid_until": None},
                {"amount": 479, "valid_from": "2026-12-01", "valid_until": None},
            ],
            "department": "Pantry",
        },
    )
    assert feed()["global", "item:i-2"][1]["unit"] == "kg"
    assert {row["key"] for row in rows(ITEM_KEYS)} == {
        "gtin:04006381333931",
        "gtin:00000096385074",
        "reference:2110909",
    }


def test_import_again_changes_only_what_changed(items, feed, rows):
    """Every nightly import would send the whole catalogue to every till."""
    head, coffee = ITEM_HEAD, "i-1,Coffee,reduced,4.49,4006381333931,,,,,\n"
    items(head + coffee + "i-2,Tea,reduced,2.49,,,,,,\n")
    before = feed()
    assert figures(items(head + coffee)) == (1, 0, 0, 1, 0)
    assert feed() == before
    report = items(
        head
        + "i-1,Coffee,reduced,4.59,96385074,,,,,\ni-1,Coffee,reduced,4.99,96385074,,,,2027-01-01,\n"
    )
    assert figures(report) == (2, 0, 1, 0, 0)
    assert [price["amount"] for price in feed()["global", "item:i-1"][1]["prices"]] == [459, 499]
    assert {row["key"] for row in rows(ITEM_KEYS)} == {"gtin:00000096385074"}
    assert len(rows(ITEMS)) == 2


BAD_ITEMS = {
    "i-9,Wrong check digit,standard,1.00,4006381333932,,,,,": "wrong check digit: 2 instead of 1",
    "i-9,No GTIN,standard,1.00,123,,,,,": "no GTIN",
    "i-9,Letters,standard,1.00,40063813339AB,,,,,": "no GTIN",
    ",No id,standard,1.00,,,,,,": "item_id is empty",
    "i-9,,standard,1.00,,,,,,": "name is empty",
    "i-9,No tax,,1.00,,,,,,": "tax is empty",
    "i-9,No price,standard,,,,,,,": "price is empty",
    "i-9,Not a price,standard,cheap,,,,,,": "is not an amount",
    "i-9,Negative,standard,-1.00,,,,,,": "cannot be",
    "i-9,Endless,standard,99999999999999.00,,,,,,": "cannot be",
    "i-9,Unit,standard,1.00,,,ton,,,": "'ton'",
    "i-9,Reference,standard,1.00,,ABC,,,,": "is no number",
    "i-9,Date,standard,1.00,,,,,31.12.2026,": "is no date",
    "i-9,Dates,standard,1.00,,,,,2026-12-01,2026-11-01": "before",
    "i-9,Too few,standard": "3 fields where the header has 10",
    "i-9,Too many,standard,1.00,,,,,,,,": "12 fields",
    "i-9,Taken,standard,1.00,96385074,,,,,": "already belongs to item 'i-1'",
    f"i-9,{'x' * 2000},standard,1.00,,,,,,": "2000 characters",
}


@pytest.mark.parametrize(("row", "reason"), BAD_ITEMS.items())
def test_bad_item_is_named_and_blocks_no_other(items, rows, row, reason):
    """One misprinted code would keep a whole catalogue from the tills."""
    good = ITEM_HEAD + "i-1,Tea,reduced,2.49,96385074,,,,,\n"
    report = items(good + row + "\ni-2,Milk,reduced,1.19,,,,,,\n")
    assert {row["item_id"] for row in rows(ITEMS)} == {"i-1", "i-2"}
    assert figures(report) == (3, 2, 0, 0, 1)
    [problem] = report.problems
    assert (problem.line, problem.skipped) == (3, True)
    assert reason in problem.reason
    assert problem.remedy


@pytest.mark.parametrize("field", [b"M\xe4use", b"M\x00use", b"M\x1buse"])
def test_bytes_that_are_no_text_cost_one_row(items, rows, field):
    """A file saved in another encoding would stop in the middle, or fill the tills with garbage."""
    text = ITEM_HEAD.encode() + b"i-1," + field + b",standard,1.00,,,,,,\n"
    report = items(text + "i-2,Mäuse,standard,1.00,,,,,,\n".encode())
    assert [row["name"] for row in rows(ITEMS)] == ["Mäuse"]
    assert [problem.line for problem in report.problems] == [2]


def test_field_larger_than_csv_can_read_costs_one_row(items, rows):
    """A lost quote would swallow the rest of the file without a word."""
    text = ITEM_HEAD + "i-1," + "x" * 200_000 + ",s,1,,,,,,\ni-2,Milk,standard,1.19,,,,,,\n"
    report = items(text)
    assert [row["item_id"] for row in rows(ITEMS)] == ["i-2"]
    assert "no CSV" in report.problems[0].reason


def test_semicolons_byte_order_mark_and_blank_lines(items, rows):
    """A file saved by a spreadsheet in Germany could not be imported."""
    text = "\ufeffItem_ID; Name;tax;price;colour\r\n\r\ni-1;Tea;reduced;2,49;red\r\n;;;;\r\n"
    report = items(text)
    assert json.loads(rows(ITEMS)[0]["body"])["prices"][0]["amount"] == 249
    assert figures(report) == (1, 1, 0, 0, 0)
    assert [(p.line, p.skipped) for p in report.problems] == [(1, False)]
    assert "'colour'" in report.problems[0].reason


def test_unknown_column_with_a_near_name(items):
    """`prise` would be passed over and nobody would know why."""
    report = items("item_id,name,tax,price,departement\ni-1,Tea,reduced,2.49,x\n")
    assert "did you mean department?" in report.problems[0].remedy


@pytest.mark.parametrize("text", ["", "item_id,name\ni,n\n"])
def test_file_without_the_columns_says_which(items, text):
    """Whoever exports the file would have to guess its form."""
    with pytest.raises(InputFault, match="price") as caught:
        items(text)
    assert "item_id,name,tax,price" in caught.value.remedy


def test_missing_file_is_named(ledger, tmp_path):
    """A mistyped path would end in a stack trace."""
    with pytest.raises(InputFault, match="No such file"):
        import_items(ledger, tmp_path / "none.csv")


def test_currency_without_decimals(items, rows):
    """Yen would be multiplied by a hundred."""
    items("item_id,name,tax,price,currency\ni-1,Tea,reduced,249,JPY\n")
    assert Item("i-1", "Tea", ("reduced",), prices=(Price(249),)) == _item(rows)


def _item(rows):
    import msgspec

    return msgspec.json.decode(rows(ITEMS)[0]["body"], type=Item)


GRETA = "c-1,Greta,LC00820G40GM,0171 3920001,Greta@Example.org,,Gold,2480,marketing/email=yes\n"


def test_customer_reaches_the_tills(customers, feed, rows):
    """The card would not be recognised at any till."""
    report = customers(CUSTOMER_HEAD + GRETA)
    assert figures(report) == (1, 1, 0, 0, 0)
    [party] = rows(PARTIES)
    card = feed()["global", f"party:{party['party_id']}"][1]["card"]
    assert (card["name"], card["tier"], card["points"]) == ("Greta", "Gold", 2480)
    assert card["consents"] == [{"purpose": "marketing", "contact": "email", "given": True}]
    assert {(row["type"], row["value"]) for row in rows(IDENTIFIERS)} == {
        ("loyalty_card", "LC00820G40GM"),
        ("phone", "+491713920001"),
        ("email", "greta@example.org"),
    }


def test_customer_is_found_again_by_source_id(customers, feed, rows):
    """Every import would double all customers."""
    customers(CUSTOMER_HEAD + GRETA)
    before = feed()
    assert figures(customers(CUSTOMER_HEAD + GRETA)) == (1, 0, 0, 1, 0)
    assert feed() == before
    changed = GRETA.replace("Gold,2480", "Gold,2500").replace("0171 3920001", "0171 3920002")
    assert figures(customers(CUSTOMER_HEAD + changed)) == (1, 0, 1, 0, 0)
    [party] = rows(PARTIES)
    card = feed()["global", f"party:{party['party_id']}"][1]["card"]
    assert (card["points"], card["ver"]) == (2500, 2)


def test_customer_a_store_met_first_keeps_the_stores_id(customers, ledger, rows):
    """A person enrolled at the till would become two by the nightly import."""
    from agent.core.recognition import normalise
    from agent.core.recognition.means import IdentifierType
    from central.identity.holding import hold

    with writing(ledger) as conn:
        origin = Origin("store-0001/till-1", NOW)
        ensure(conn, "p-1", origin)
        hold(conn, "p-1", [normalise(IdentifierType.EMAIL, "greta@example.org", "DE")], origin)
        observe(conn, "p-1", {"name": "Greta Sommer"}, origin, Strength.SAID)
    assert figures(customers(CUSTOMER_HEAD + GRETA)) == (1, 0, 1, 0, 0)
    assert [(row["party_id"], row["source_id"]) for row in rows(PARTIES)] == [("p-1", "c-1")]
    with reading(ledger) as conn:
        fields = attributes_of(conn, "p-1")
    assert (fields["name"].value, fields["tier"].value) == ("Greta Sommer", "Gold")


def test_two_rows_that_share_a_phone_stay_two_people(customers, rows):
    """A couple with one telephone would become one customer."""
    report = customers(CUSTOMER_HEAD + GRETA + "c-2,Hans,,0171 3920001,hans@example.org,,,,\n")
    assert len(rows(PARTIES)) == 2
    assert figures(report) == (2, 2, 0, 0, 0)
    assert [(p.line, p.skipped) for p in report.problems] == [(3, False)]
    assert "phone not linked" in report.problems[0].reason


def test_field_that_cannot_be_used_costs_only_itself(customers, rows):
    """A mistyped phone number would lose the customer's card."""
    report = customers(CUSTOMER_HEAD + GRETA.replace("0171 3920001", "ask her"))
    assert {row["type"] for row in rows(IDENTIFIERS)} == {"loyalty_card", "email"}
    assert "phone left out" in report.problems[0].reason
    assert figures(report) == (1, 1, 0, 0, 0)


BAD_CUSTOMERS = {
    ",Nobody,,,,,,,": "source_id is empty",
    "c-9,,,,,,,,": "name is empty",
    "c-9,Points,,,,,,many,": "points 'many'",
    "c-9,Points,,,,,,9999999999999,": "points",
    "c-9,Consent,,,,,,,perhaps": "consent 'perhaps'",
}


@pytest.mark.parametrize(("row", "reason"), BAD_CUSTOMERS.items())
def test_bad_customer_is_named_and_blocks_no_other(customers, rows, row, reason):
    """One odd record would keep everybody else from being recognised."""
    report = customers(CUSTOMER_HEAD + row + "\n" + GRETA)
    assert [each["source_id"] for each in rows(PARTIES)] == ["c-1"]
    assert figures(report) == (2, 1, 0, 0, 1)
    assert reason in report.problems[0].reason


def test_phone_is_read_as_dialled_in_its_country(customers, rows):
    """Every foreign customer would be unknown at the till."""
    customers("source_id,name,phone,country\nc-1,Emily,07700 900123,GB\n")
    assert [row["value"] for row in rows(IDENTIFIERS)] == ["+447700900123"]


def test_birth_date_street_and_city_are_kept_and_only_a_date_is_one(customers, rows):
    """What tells two people of one name apart would be lost, or garbage compared as a date."""
    head = "source_id,name,birth_date,street,postcode,city\n"
    good, bad = "c-1,Ada,1980-02-29,Hauptstr. 5,10115,Berlin\n", "c-2,Eve,1981-02-29,,,\n"
    report = customers(head + good + bad)
    assert [(3, False)] == [(each.line, each.skipped) for each in report.problems]
    assert "birth_date left out" in report.problems[0].reason
    said = {row["field"]: row["value"] for row in rows(ATTRIBUTES) if row["value"] != "Eve"}
    assert {
        "name": "Ada",
        "birth_date": "1980-02-29",
        "street": "Hauptstr. 5",
        "postcode": "10115",
        "city": "Berlin",
    } == said
