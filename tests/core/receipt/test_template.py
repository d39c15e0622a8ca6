"""Templates: what IT may change, what is refused, and what always stays on a receipt."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.receipt import (
    BUILT_IN,
    Template,
    cash_receipt,
    plain_text,
    report_receipt,
    sale_receipt,
)
from agent.core.receipt import lay_out as laid
from agent.core.receipt.document import Barcode, Image, Qr, Row, Text
from agent.core.receipt.html import html
from agent.core.receipt.placeholders import PLACEHOLDERS
from agent.core.receipt.template import RECEIPT_SECTIONS, ReportSettings, TemplateSettings
from agent.core.receipt.template_rules import RECEIPT_MUST, REPORT_MUST, parse_template
from agent.core.receipt.words import WORDS, Words
from tests.core.receipt.papers import BERLIN, closed, everything, moved, simple

ROOT = Path(__file__).parents[3]
LOGO = Image(8, b"\xff\x81\xff", alt="Logo")


def template(text, logo=None):
    found, problems = parse_template(tomllib.loads(text))
    assert [] == problems
    return Template(found, logo)


def shop(text="", language="de-DE", logo=None):
    return msgspec.structs.replace(BERLIN, language=language, template=template(text, logo))


def refused(text):
    found, problems = parse_template(tomllib.loads(text))
    assert found is None
    return {problem.path: problem for problem in problems}


def texts(document):
    return [block.text for block in document.blocks if isinstance(block, Text)]


def rows(document):
    return [(block.left, block.right) for block in document.blocks if isinstance(block, Row)]


def sections(*names):
    return f"[receipt]\nsections = {list(names)}\n"


def test_an_empty_template_is_the_built_in_one():
    """A shop that changes one thing would lose all others."""
    assert BUILT_IN.settings == template("").settings
    assert sale_receipt(everything(), BERLIN) == sale_receipt(
        everything(), msgspec.structs.replace(BERLIN, template=template(""))
    )


def test_the_example_is_a_good_template():
    """IT would start from a file that is refused."""
    example = (ROOT / "config/receipt.example.toml").read_text(encoding="utf-8")
    found = texts(sale_receipt(simple(), shop(example)))
    assert "Umtausch innerhalb von 30 Tagen mit diesem Bon" in found


def test_the_example_shows_the_real_defaults():
    """What stands behind a # in the example would not be what happens without it."""
    lines = (ROOT / "config/receipt.example.toml").read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("# sections = "))
    shown = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines[start : start + 2]))
    assert list(RECEIPT_SECTIONS) == shown["sections"]


def test_sections_stand_in_their_order():
    """IT would order them and nothing would move."""
    order = ("copy", "identity", "seller", "taxes", "totals", "lines")
    found = texts(sale_receipt(simple(), shop(sections(*order)), copy=True))
    assert ["*** KOPIE ***", "Tee & Kaffee"] == found[:2]
    document = sale_receipt(simple(), shop(sections(*order)))
    labels = [left for left, _ in rows(document)]
    assert labels.index("Bon") < labels.index("Summe") < labels.index("Tea")


def test_blocks_say_what_they_are_told():
    """A shop's own text, code or look would not be printed."""
    text = (
        sections("copy", "seller", "identity", "lines", "totals", "taxes", "survey")
        + """
        [block.survey]
        lines = ["{store_name}: {receipt_no}", "Bye {{", "Served by {actor}"]
        align = "right"
        bold = true
        double = true
        barcode = "S{receipt_no}"
        qr = "https://shop.example/s/{receipt_no}?d={business_date}"
        """
    )
    body = msgspec.structs.replace(simple(), actor=None)
    *_, first, second, bars, code, _, _ = sale_receipt(body, shop(text)).blocks
    assert Text("Tee & Kaffee: s-t-ab12-7", "right", bold=True, double=True) == first
    assert "Bye {" == second.text
    assert (Barcode("Ss-t-ab12-7"), "https://shop.example/s/s-t-ab12-7?d=28.07.2026") == (
        bars,
        code.data,
    )


def test_a_symbol_with_nothing_to_say_is_left_out():
    """A printer would be sent an empty code, which it answers by printing nothing at all."""
    text = (
        sections(*RECEIPT_MUST, "x")
        + '[block.x]\nqr = "{external_receipt_no}"\nbarcode = "{external_receipt_no}"\n'
    )
    document = sale_receipt(simple(), shop(text))
    assert [] == [block for block in document.blocks if isinstance(block, Qr | Barcode)]


@pytest.mark.parametrize(
    ("language", "shown"), [("de-DE", "Bis bald"), ("de-AT", "Baba"), ("fr-FR", "Bye")]
)
def test_texts_follow_the_language(language, shown):
    """A chain would need a template for each country."""
    text = """
    [block.footer]
    lines = ["Bye"]
    [text.de]
    footer = ["Bis bald"]
    [text.de-AT]
    footer = ["Baba"]
    """
    assert shown in texts(sale_receipt(simple(), shop(text, language)))


def test_words_can_be_replaced():
    """A shop that says Beleg would have to print Bon."""
    text = """
    [words.de]
    receipt = "Beleg"
    thanks = "Danke"
    [words.de.tenders]
    cash = "Bargeld"
    """
    found = rows(sale_receipt(simple(), shop(text)))
    assert ("Beleg", "s-t-ab12-7") in found
    assert ("Bargeld", "10,00") in found
    assert "Danke" in texts(sale_receipt(simple(), shop(text)))
    assert ("Receipt", "s-t-ab12-7") in rows(sale_receipt(simple(), shop(text, "en-GB")))


def test_lines_are_shown_as_wished():
    """An auditor who wants every quantity, or a shop that wants no letters, would be refused."""
    text = '[lines]\nquantity = "always"\ngtin = true\ntax_letters = false\nlist_price = false\n'
    body = everything()
    first = msgspec.structs.replace(body.lines[0], gtin="04006381333931")
    body = msgspec.structs.replace(body, lines=(first, *body.lines[1:]))
    document = sale_receipt(body, shop(text))
    assert ("Käse", "4,12") in rows(document)
    assert ("19 %   4,36 + 0,83", "5,19") in rows(document)
    assert "  04006381333931" in texts(document)
    assert "  1 × 4,50" in texts(document)
    assert "  statt 4,99" not in texts(document)


def test_a_signed_code_is_printed_whole_and_its_number_beside_it():
    """A paper without the code could not be trusted, one without the number not be typed."""
    blocks = sale_receipt(simple(), BERLIN, code="SR1.ABC").blocks
    at = blocks.index(Qr("SR1.ABC"))
    assert simple().receipt_no == blocks[at + 1].text


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [("signed", [Barcode]), ("barcode", [Barcode]), ("qr", [Qr]), ("none", [])],
)
def test_the_return_code_is_the_shops_choice(wanted, kinds):
    """A shop with another way to find receipts would waste paper on each."""
    document = sale_receipt(simple(), shop(f'[receipt]\nreturn_code = "{wanted}"\n'))
    symbols = [type(block) for block in document.blocks if isinstance(block, Barcode | Qr)]
    assert kinds == symbols


def test_the_logo_stands_where_it_is_wished():
    """A logo would not be printed, or be printed where none is wished."""
    named = '[logo]\nfile = "x.png"\ntext = "Corner Shop"\n'
    document = sale_receipt(simple(), shop(named, logo=LOGO))
    assert "Corner Shop" == document.blocks[0].alt
    unnamed = msgspec.structs.replace(BERLIN, template=Template(logo=LOGO))
    assert "Logo" == sale_receipt(simple(), unnamed).blocks[0].alt
    assert not [b for b in sale_receipt(simple(), BERLIN).blocks if isinstance(b, Image)]
    report = report_receipt(closed(), shop(named, logo=LOGO))
    assert not [b for b in report.blocks if isinstance(b, Image)]


def test_reports_and_vouchers_have_their_own_order():
    """A report would carry the customer's texts, or not the ones made for it."""
    text = """
    [report]
    sections = ["copy", "seller", "note", "report", "nothing-yet"]
    [block.note]
    lines = ["{store_name} {till} {actor} {date} {time}"]
    [block.nothing-yet]
    """
    for document in (report_receipt(closed(), shop(text)), cash_receipt(moved(1), shop(text))):
        assert "Tee & Kaffee till-1 anna 28.07.2026 14:03" in texts(document)


def test_every_error_comes_at_once_with_its_place():
    """IT would mend one line only to be told of the next."""
    found = refused(
        """
        [logo]
        file = " "
        width = 9000
        threshold = 0
        [receipt]
        sections = ["copy", "seler", "identity", "identity", "lines", "totals", "report"]
        [report]
        sections = ["copy", "seller", "n"]
        [block.totals]
        [block.Bad]
        [block.n]
        lines = ["{receipt_no}"]
        qr = " "
        [text.xx]
        [text.de]
        footr = ["a {b}"]
        [words.de]
        thanx = "a"
        tenders = "x"
        copy = ""
        total = {}
        [words.de-CH.tenders]
        cash = "a\\nb"
        [words.ed]
        [lines]
        quantity = "never"
        """
    )
    assert {
        "logo.file",
        "logo.width",
        "logo.threshold",
        "receipt.sections[1]",
        "receipt.sections[3]",
        "receipt.sections[6]",
        "receipt.sections",
        "report.sections",
        "block.totals",
        "block.Bad",
        "block.n.lines[0]",
        "block.n.qr",
        "text.xx",
        "text.de.footr",
        "text.de.footr[0]",
        "words.de.thanx",
        "words.de.tenders",
        "words.de.copy",
        "words.de.total",
        "words.de-CH.tenders.cash",
        "words.ed",
        "lines.quantity",
    } == set(found)
    assert "did you mean 'seller'?" == found["receipt.sections[1]"].remedy
    assert "the tax of each rate" in refused(sections("copy"))["receipt.sections"].detail


def test_too_much_is_refused():
    """A template could print a roll per customer, or a code no telephone reads."""
    many = refused(sections(*RECEIPT_SECTIONS, *["feed"] * 60))
    assert "60 are the most" in many["receipt.sections"].remedy
    lines = refused(f"[block.footer]\nlines = {['x'] * 41}\nqr = '{'y' * 301}'\n")
    assert {"block.footer.lines", "block.footer.qr"} == set(lines)


@pytest.mark.parametrize("name", RECEIPT_MUST)
def test_what_the_law_asks_for_stays_on_a_receipt(name):
    """A shop could print receipts that are none, and learn of it from the tax office."""
    left = [each for each in RECEIPT_MUST if each != name]
    found = refused(sections(*left))["receipt.sections"]
    assert f"'{name}' is missing: {RECEIPT_MUST[name]}" == found.detail


@pytest.mark.parametrize("name", REPORT_MUST)
def test_what_makes_a_report_stays_on_it(name):
    """A Z report could lack its figures."""
    left = [each for each in REPORT_MUST if each != name]
    assert name in refused(f"[report]\nsections = {left}\n")["report.sections"].detail


line_texts = st.lists(
    st.one_of(
        st.text(max_size=40).map(lambda text: text.replace("{", "{{").replace("}", "}}")),
        st.sampled_from(sorted(PLACEHOLDERS)).map(lambda name: f"- {{{name}}}"),
    ),
    max_size=3,
).map(tuple)
own_blocks = st.fixed_dictionaries(
    {
        "lines": line_texts.map(list),
        "align": st.sampled_from(["left", "center", "right"]),
        "bold": st.booleans(),
        "double": st.booleans(),
    },
    optional={
        "qr": st.sampled_from(["https://x.example/{receipt_no}", "{actor}", "é"]),
        "barcode": st.sampled_from(["{receipt_no}", "{external_receipt_no}", "ABC-1"]),
    },
)
words = st.sampled_from(sorted(set(WORDS["en"].__struct_fields__) - {"tenders"}))


@st.composite
def templates(draw):
    """Any template that parses: all that must be there, and whatever else in any order."""
    blocks = draw(st.dictionaries(st.sampled_from(["a", "b-1", "header", "footer"]), own_blocks))
    extra = st.sampled_from(["rule", "feed", "copy", "header", "footer", *blocks])
    once = draw(st.lists(st.sampled_from(["logo", "tenders", "return_code"]), unique=True))
    order = draw(st.permutations([*RECEIPT_MUST, *once, *draw(st.lists(extra, max_size=6))]))
    tag = draw(st.sampled_from(["de", "he", "en-US", "pl"]))
    return {
        "receipt": {
            "sections": list(order),
            "return_code": draw(st.sampled_from(["signed", "barcode", "qr", "none"])),
        },
        "lines": {"quantity": draw(st.sampled_from(["always", "when-not-one"]))},
        "block": blocks,
        "text": {tag: {"footer": list(draw(line_texts))}},
        "words": {tag: {draw(words): draw(st.sampled_from(["Wort", "מילה", "a b c d"]))}},
    }


@settings(max_examples=60, deadline=None)
@given(templates(), st.sampled_from(["de-DE", "he-IL", "en-US"]), st.sampled_from([16, 32, 48]))
def test_any_template_that_parses_prints_what_a_receipt_must_say(data, language, columns):
    """Some order of some shop would print a receipt without its number, or none at all."""
    found, problems = parse_template(data)
    assert [] == problems
    where = msgspec.structs.replace(BERLIN, language=language, template=Template(found, LOGO))
    body = everything()
    document = sale_receipt(body, where, copy=True)
    assert laid(document, columns)
    assert html(document, columns).endswith("</html>\n")
    said = "".join(plain_text(document, columns).split())
    assert body.receipt_no in said
    assert where.when(body.completed).split()[0] in said
    assert where.amount(body.total) in said
    assert "Tee&Kaffee" in said
    assert where.amount(body.taxes[0].tax) in said
    assert "".join(where.words.copy.split()) in said


def test_a_section_that_is_nothing_prints_nothing():
    """A template from another version, with a section of its own, would stop every receipt."""
    odd = TemplateSettings(report=ReportSettings(sections=("copy", "seller", "later", "report")))
    document = report_receipt(closed(), msgspec.structs.replace(BERLIN, template=Template(odd)))
    assert texts(report_receipt(closed(), BERLIN)) == texts(document)


def test_the_schema_is_made_from_the_template():
    """An editor would refuse what the agent takes, or the reverse."""
    made = msgspec.json.encode(msgspec.json.schema(TemplateSettings))
    shipped = (ROOT / "config/receipt.schema.json").read_bytes()
    assert msgspec.json.decode(made) == msgspec.json.decode(shipped)


def test_the_words_of_the_list_are_all_there_are():
    """The page of a word's name would send IT to a word that does not exist."""
    assert "tenders" in {field.name for field in msgspec.structs.fields(Words)}
