"""Papers in languages that are written from right to left."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.receipt import ReceiptDocument, Shop, lay_out, plain_text, sale_receipt
from agent.core.receipt.direction import has_rtl, is_rtl, isolated, placed, without_controls
from agent.core.receipt.document import Barcode, Row, Text
from tests.core.receipt.papers import everything

R, F, P = "\N{RIGHT-TO-LEFT ISOLATE}", "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
NAME = "\u05ea\u05d4"
"""Tea, in Hebrew."""


def golden(language, name):
    """Show the paper as it is read: isolates as brackets, marks left out."""
    body = msgspec.structs.replace(everything(), receipt_no="s-t-ab12-7")
    shop = Shop(name, language, "EUR", "Europe/Berlin")
    text = plain_text(sale_receipt(body, shop, copy=True), 32)
    shown = text.replace(R, "<").replace(F, "(").replace(P, ">")
    return shown.replace("\N{LEFT-TO-RIGHT MARK}", "").replace("\N{RIGHT-TO-LEFT MARK}", "")


HEBREW = """\
          <*** העתק ***>
            <בית התה>

s-t-ab12-7                  <קבלה>
(קופה till-1>     28.07.2026 14:03
anna                       <קופאי>
--------------------------------
       Kaffee Äthiopien, kräftig
4.50 B            geröstet 250 g
                    <במקום 4.99>
1.03 B             Äpfel Boskoop
               0.345 kg × 2.99
7.50 A                     Kerze
                      3 × 2.50
-1.00 A                   <הנחה>
4.12 B                      Käse
              0.207 kg × 19.90
-0.50 A             <החזרה: Pfand>
                     -2 × 0.25
--------------------------------
15.65                <סכום ביניים>
-2.00                       <הנחה>
13.65 €                     <סה״כ>
5.00                 <כרטיס אשראי>
                <אסמכתא TA 4711>
20.00                      <מזומן>
11.35 €                     <עודף>
--------------------------------
(כולל מע״מ> <מע״מ  לפני מע״מ + מע״מ>
5.19          <A 19%  4.36 + 0.83>
8.46           <B 7%  7.91 + 0.55>

       <תודה שקניתם אצלנו>

       [|| s-t-ab12-7 ||]
          <*** העתק ***>
"""

ARABIC = """\
          <*** نسخة ***>
           <بيت الشاي>

s-t-ab12-7                 <إيصال>
(صندوق till-1>    28/07/2026 14:03
anna                <أمين الصندوق>
--------------------------------
       Kaffee Äthiopien, kräftig
4.50 B            geröstet 250 g
                  <بدلاً من 4.99>
1.03 B             Äpfel Boskoop
               0.345 kg × 2.99
7.50 A                     Kerze
                      3 × 2.50
-1.00 A                    <خصم>
4.12 B                      Käse
              0.207 kg × 19.90
-0.50 A             <مرتجع: Pfand>
                     -2 × 0.25
--------------------------------
15.65             <المجموع الفرعي>
-2.00                        <خصم>
13.65 €                 <الإجمالي>
5.00                       <بطاقة>
                  <مرجع TA 4711>
20.00                       <نقداً>
11.35 €                   <الباقي>
--------------------------------
               <الضريبة  الصافي +>
(الإجمالي>                 <الضريبة>
5.19          <A 19%  4.36 + 0.83>
8.46           <B 7%  7.91 + 0.55>

       <شكراً لتسوقكم معنا>

       [|| s-t-ab12-7 ||]
          <*** نسخة ***>
"""


def test_a_hebrew_paper_is_mirrored():
    """Labels would stand where a Hebrew reader ends, and run into the amounts."""
    assert golden("he-IL", "בית התה") == HEBREW


def test_an_arabic_paper_is_mirrored():
    """Labels would stand where an Arabic reader ends, and run into the amounts."""
    assert golden("ar-AE", "بيت الشاي") == ARABIC


def test_every_line_is_as_wide_as_the_paper():
    """An isolate that counted as a column would push amounts off their edge."""
    line = lay_out(ReceiptDocument("he", (Row(NAME, "4.99"),)), 20)[0]
    assert f"4.99{' ' * 14}{R}{NAME}{P}" == line.text
    assert (NAME, "4.99") == (line.label, line.amount)


def test_a_hebrew_name_on_a_german_receipt_keeps_its_side():
    """The algorithm would swap the name and its price, since digits follow Hebrew letters."""
    line = lay_out(ReceiptDocument("de", (Row(NAME, "4,99"),)), 20)[0]
    assert f"{F}{NAME}{P}{' ' * 14}4,99" == line.text


def test_paragraphs_change_sides_but_centred_ones():
    """A text of IT's that begins at the left would do so in Hebrew, where a line ends."""
    blocks = tuple(Text("Tea", align=align) for align in ("left", "center", "right"))
    found = [line.align for line in lay_out(ReceiptDocument("he", blocks), 20)]
    assert ["right", "center", "left"] == found


def test_a_row_without_an_amount_stands_on_its_side():
    """A label alone would jump to the left."""
    line = lay_out(ReceiptDocument("he", (Row("Tea"),)), 20)[0]
    assert f"{' ' * 17}Tea" == line.text


def test_what_is_below_a_wide_symbol_is_isolated_too():
    """A code in Hebrew letters would be shown backwards below its symbol."""
    found = lay_out(ReceiptDocument("de", (Barcode(f"{NAME}-1"),)), 20)
    assert ["qr", "text"] == [line.kind for line in found]
    assert f"{F}{NAME}-1{P}" == found[1].text


def test_a_hostile_name_cannot_turn_the_line():
    """A name with an override would make its price read backwards."""
    line = lay_out(ReceiptDocument("en", (Row("a\u202eb\u2067c\u2069", "1.00"),)), 20)[0]
    assert "abc             1.00" == line.text
    assert "ab" == without_controls("a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069b")


@pytest.mark.parametrize(
    ("text", "rtl", "shown"),
    [
        ("Tea", True, "Tea"),
        (NAME, True, f"{R}{NAME}{P}"),
        (NAME, False, f"{F}{NAME}{P}"),
        ("茶", True, "茶"),
    ],
)
def test_only_what_needs_it_is_isolated(text, rtl, shown):
    """Every printer would get characters it need not know."""
    assert shown == isolated(text, rtl=rtl)


def test_directions():
    """A language would be printed from the wrong side."""
    assert [True, True, False] == [is_rtl(tag) for tag in ("AR", "he-IL", "en")]
    assert [True, True, False] == [has_rtl(text) for text in (NAME, "a\u0661", "é")]
    assert ["left", "right"] == [placed("left", rtl=rtl) for rtl in (False, True)]
