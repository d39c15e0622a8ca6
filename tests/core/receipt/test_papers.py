"""Whole papers, as a customer or an auditor sees them."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.entries.day import day_totals
from agent.core.receipt import (
    Shop,
    cash_receipt,
    plain_text,
    report_receipt,
    sale_receipt,
)
from agent.core.receipt.document import Barcode, Row, Text
from agent.core.sale import ReturnOf, TaxRate, add_tender, totals
from tests.core.receipt.papers import (
    BERLIN,
    DUBLIN,
    NOW,
    REDUCED,
    STANDARD,
    a_day,
    add,
    basket,
    closed,
    everything,
    moved,
    settled,
    simple,
)

COPY_42 = """\
              *** KOPIE ***
               Tee & Kaffee
              Hauptstraße 1
               10115 Berlin
          USt-IdNr. DE123456788

Bon                  store-1-till-1-ab12-7
28.07.2026 14:03              Kasse till-1
Kassiert von                          anna
------------------------------------------
Kaffee Äthiopien, kräftig geröstet
250 g                               4,50 B
  statt 4,99
Äpfel Boskoop                       1,03 B
  0,345 kg × 2,99
Kerze                               7,50 A
  3 × 2,50
  Rabatt                           -1,00 A
Käse                                4,12 B
  0,207 kg × 19,90
Rückgabe: Pfand                    -0,50 A
  -2 × 0,25
------------------------------------------
Zwischensumme                        15,65
Rabatt                               -2,00
Summe                              13,65 €
Karte                                 5,00
  Ref. TA 4711
Bar                                  20,00
Rückgeld                           11,35 €
------------------------------------------
MwSt.   Netto + MwSt.               Brutto
A 19 %  4,36 + 0,83                   5,19
B 7 %   7,91 + 0,55                   8,46

      Vielen Dank für Ihren Einkauf

                   [QR]
          store-1-till-1-ab12-7
              *** KOPIE ***
"""

Z_42 = """\
               Tee & Kaffee
              Hauptstraße 1
               10115 Berlin
          USt-IdNr. DE123456788

               Z-Bericht 3
------------------------------------------
28.07.2026 14:03              Kasse till-1
Kassiert von                          anna
Geschäftstag                    28.07.2026
Eröffnet                  28.07.2026 07:58
------------------------------------------
Verkäufe                                 1
Abgebrochen                              0
Verkaufte Positionen                     4
Erster Bon           store-1-till-1-ab12-7
Letzter Bon          store-1-till-1-ab12-7
------------------------------------------
Brutto                             13,65 €
Netto                                12,27
Rückgaben                            -0,50
Rabatte                              -3,00
------------------------------------------
MwSt.   Netto + MwSt.               Brutto
A 19 %  4,36 + 0,83                   5,19
B 7 %   7,91 + 0,55                   8,46
------------------------------------------
Bar (1)                               8,65
Karte (1)                             5,00
------------------------------------------
Bargeld in der Lade
Wechselgeld                         100,00
Bar abzüglich Rückgeld                8,65
Einlagen                              0,00
Entnahmen                           -20,00
Soll                                 88,65
Gezählt                              80,00
Differenz                            -8,65
"""

X_32 = """\
           Tea House

            X report
--------------------------------
2026-07-28 13:03     Till till-1
Cashier                      ben
Business date         2026-07-28
--------------------------------
Sales                          1
Cancelled                      0
Items sold                     4
First
receipt    store-1-till-1-ab12-7
Last
receipt    store-1-till-1-ab12-7
--------------------------------
Gross                     €13.65
Net                        12.27
Returns                    -0.50
Discounts                  -3.00
--------------------------------
Tax    Net + Tax           Gross
A 19%  4.36 + 0.83          5.19
B 7%   7.91 + 0.55          8.46
--------------------------------
Cash (1)                    8.65
Card (1)                    5.00
--------------------------------
Cash in the drawer
Float                     100.00
Cash less change            8.65
Paid in                     0.00
Paid out                  -20.00
Expected                   88.65
"""

CASH_32 = """\
          Tee & Kaffee
         Hauptstraße 1
          10115 Berlin
     USt-IdNr. DE123456788

            Entnahme
--------------------------------
28.07.2026 14:03    Kasse till-1
Kassiert von                anna
Grund                       Bank
Summe                   -20,00 €



--------------------------------
Unterschrift
"""

SWISS_32 = """\
            Teehaus

Bon                   s-t-ab12-7
28.07.2026 14:03    Kasse till-1
Kassiert von                anna
--------------------------------
Tea                       9.97 A
--------------------------------
Summe netto                 9.97
MwSt. 19%                   1.89
Summe                  CHF 11.86
Rundung                    -0.01
Zu zahlen              CHF 11.85
Bar                        12.00
Rückgeld                CHF 0.15
--------------------------------
MwSt.  Netto + MwSt.      Brutto
A 19%  9.97 + 1.89         11.86

 Vielen Dank für Ihren Einkauf

       [|| s-t-ab12-7 ||]
"""


def rows(document):
    return [(block.left, block.right) for block in document.blocks if isinstance(block, Row)]


def texts(document):
    return [block.text for block in document.blocks if isinstance(block, Text)]


def test_a_whole_receipt():
    """A line, a mark, an amount or a word of the receipt would be missing or elsewhere."""
    assert COPY_42 == plain_text(sale_receipt(everything(), BERLIN, copy=True), 42)


def test_only_a_copy_is_marked():
    """A reprint could be taken for another purchase, or the first print for a copy (P7)."""
    first = plain_text(sale_receipt(everything(), BERLIN), 42)
    assert "KOPIE" not in first
    assert COPY_42.count("*** KOPIE ***") == 2


def test_a_whole_z_report():
    """A figure of the day would be missing on paper."""
    assert Z_42 == plain_text(report_receipt(closed(), BERLIN), 42)


def test_a_whole_x_report():
    """The cashier could not see the day so far."""
    document = report_receipt(
        day_totals(a_day(), "EUR"),
        DUBLIN,
        till="till-1",
        at=NOW,
        business_date="2026-07-28",
        actor="ben",
    )
    assert X_32 == plain_text(document, 32)


def test_a_whole_cash_slip():
    """Cash would leave the drawer without a paper to sign."""
    assert CASH_32 == plain_text(cash_receipt(moved(-2000), BERLIN), 32)
    assert "Einlage" in texts(cash_receipt(moved(500), BERLIN))


def test_tax_on_top_and_cash_rounding_are_shown():
    """A price without tax, or a total no coin can pay, would not be explained."""
    sale = add(basket(prices_include_tax=False, currency="CHF"), "Tea", 997)
    body = settled(sale, ("cash", 1200), unit=5, number="s-t-ab12-7")
    shop = Shop("Teehaus", "de-CH", "CHF", "Europe/Zurich")
    assert SWISS_32 == plain_text(sale_receipt(body, shop), 32)


def test_a_refund_says_so():
    """The customer would not see that money went back, and how."""
    back = add(basket(currency="CHF"), "Tea", 998, quantity=-1000, returns=ReturnOf("x", 1))
    body = settled(back, ("cash", -1000), unit=5)
    found = rows(sale_receipt(body, DUBLIN))
    assert ("Return: Tea", "-9.98 A") in found
    assert ("To refund", "-CHF 10.00") in found
    assert ("Refund Cash", "-10.00") in found


def test_a_receipt_is_in_the_sales_own_currency():
    """A sale in yen would be printed with cents because the shop's setting changed since."""
    found = rows(sale_receipt(simple(1250, currency="JPY"), DUBLIN))
    assert ("Total", "¥1,250") in found


def test_a_sale_without_cashier_tax_or_tender_still_prints():
    """A gift of an untaxed thing would have no receipt."""
    document = sale_receipt(settled(add(basket(actor=None), "Gift", 0, taxes=())), DUBLIN)
    assert ("Gift", "0.00") in rows(document)
    assert "Cashier" not in dict(rows(document))
    assert "Tax  Net + Tax" not in dict(rows(document))


def test_untaxed_prices_without_tax_show_no_tax_rows():
    """A net subtotal would stand there without any tax to add."""
    sale = add(basket(prices_include_tax=False), "Gift", 100, taxes=())
    found = dict(rows(sale_receipt(settled(sale, ("cash", 100)), DUBLIN)))
    assert "Subtotal net" not in found


def test_a_line_shows_every_rate_on_it():
    """A line taxed twice would show one letter."""
    sale = add(basket(), "Bed", 1000, taxes=(REDUCED, STANDARD))
    assert ("Bed", "10.00 BA") in rows(sale_receipt(settled(sale, ("cash", 1000)), DUBLIN))


def test_more_rates_than_letters_are_still_printed():
    """A 27th rate would stop the receipt."""
    sale = basket()
    for number in range(27):
        sale = add(sale, f"Thing {number}", 1000, taxes=(TaxRate(f"r{number:02}", number),))
    document = sale_receipt(settled(sale, ("card", 27_000)), DUBLIN)
    assert ("0%       10.00 + 0.00", "10.00") in rows(document)


def test_an_unknown_kind_of_tender_is_printed_as_it_is():
    """A kind HQ invented last week would have no name on the receipt."""
    assert ("Bitcoin", "10.00") in rows(sale_receipt(simple(1000, tender="bitcoin"), DUBLIN))


def test_the_till_softwares_number_is_shown():
    """A receipt of POS software could not be found by the number the customer knows."""
    body = msgspec.structs.replace(simple(), external_receipt_no="POS-9")
    assert ("Till software's no.", "POS-9") in rows(sale_receipt(body, DUBLIN))


def test_the_receipt_number_can_be_scanned():
    """A return would begin with typing twenty characters."""
    assert Barcode("s-t-ab12-7") in sale_receipt(simple(), DUBLIN).blocks


def test_a_receipt_says_nothing_about_the_person():
    """A stored picture or print job would tell who bought what (P9)."""
    body = msgspec.structs.replace(simple(), customer_ref="ref-1")
    assert b"ref-1" not in msgspec.json.encode(sale_receipt(body, DUBLIN))


def test_reports_leave_out_what_there_is_not():
    """A day without anything would fail to print, or print empty lines."""
    day = report_receipt(day_totals([], "EUR"), DUBLIN)
    assert "First receipt" not in dict(rows(day))
    assert "Rounding" not in dict(rows(day))
    assert "Business date" not in dict(rows(day))
    assert "Opened" not in dict(rows(report_receipt(closed(bodies=[]), DUBLIN)))


def test_a_report_shows_cash_rounding():
    """Tenders and turnover would differ on paper with no reason given."""
    sale = add_tender(add(basket(), "Tea", 998), "cash", 1000, cash_rounding=5)
    assert 2 == totals(sale, 5).cash_rounding
    day = day_totals([settled(sale, unit=5)], "EUR")
    assert ("Rounding", "0.02") in rows(report_receipt(day, DUBLIN))


def test_a_copy_of_a_report_is_marked():
    """A Z report could be handed in twice."""
    assert "*** COPY ***" in texts(report_receipt(closed(), DUBLIN, copy=True))
    assert "*** COPY ***" in texts(report_receipt(day_totals([], "EUR"), DUBLIN, copy=True))
    assert "*** COPY ***" in texts(cash_receipt(moved(1), DUBLIN, copy=True))


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "de-CH", "ga"])
@pytest.mark.parametrize("columns", [32, 42, 48])
def test_every_language_fits_every_paper(language, columns):
    """A word of one language would push an amount off the paper."""
    shop = msgspec.structs.replace(BERLIN, language=language)
    for document in (
        sale_receipt(everything(), shop, copy=True),
        report_receipt(closed(), shop),
        cash_receipt(moved(-2000), shop),
    ):
        assert all(len(line) <= columns for line in plain_text(document, columns).splitlines())


@pytest.mark.parametrize(
    ("language", "total"),
    [
        ("en", "€1,234.50"),
        ("de", "1.234,50 €"),
        ("fr", "1 234,50 €"),
        ("es", "1234,50 €"),
        ("it", "1.234,50 €"),
        ("nl", "€ 1.234,50"),
    ],
)
def test_every_language_writes_money_its_own_way(language, total):
    """A point would be read as a comma: a thousand times the price."""
    shop = msgspec.structs.replace(DUBLIN, language=language)
    assert total in [right for _, right in rows(sale_receipt(simple(123_450), shop))]


def test_a_paper_says_nothing_of_a_gift_card():
    """Whoever finds the paper could try numbers until one is that of the card."""
    sale = add(basket(), "Tea", 450)
    paid = (("gift_card", 300, "gift-lpkmhgfdlpkmhgfdlpkmhgfdlpkmhgfd"), ("card", 150, "TA 4711"))
    text = plain_text(sale_receipt(settled(sale, *paid), DUBLIN), 42)
    assert ("gift-" not in text, "TA 4711" in text) == (True, True)
