"""Every word a receipt can carry, in each of its languages: one column per language.

The type checker sees to it that no language lacks a word.
"""

from __future__ import annotations

import msgspec


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one language."""

    receipt: str
    copy: str
    till: str
    cashier: str
    vat_id: str
    returned: str
    """Before the name of a returned item."""
    instead_of: str
    """Before the list price that was overridden."""
    discount: str
    subtotal: str
    net_subtotal: str
    total: str
    rounding: str
    to_pay: str
    to_refund: str
    change: str
    refund: str
    """Before the kind of tender a refund is given in."""
    reference: str
    tax: str
    net: str
    gross: str
    external_receipt: str
    thanks: str
    tenders: dict[str, str]
    """Names of the well-known kinds; another kind is printed as it is."""
    x_report: str
    z_report: str
    business_date: str
    opened: str
    closed: str
    sales: str
    cancelled: str
    items: str
    returns: str
    discounts: str
    cash_in_drawer: str
    float_amount: str
    cash_tenders: str
    paid_in: str
    paid_out: str
    expected: str
    counted: str
    difference: str
    first_receipt: str
    last_receipt: str
    pay_in: str
    pay_out: str
    reason: str
    signature: str


WORDS: dict[str, Words] = {
    "en": Words(
        receipt="Receipt",
        copy="COPY",
        till="Till",
        cashier="Cashier",
        vat_id="VAT no.",
        returned="Return",
        instead_of="instead of",
        discount="Discount",
        subtotal="Subtotal",
        net_subtotal="Subtotal net",
        total="Total",
        rounding="Rounding",
        to_pay="To pay",
        to_refund="To refund",
        change="Change",
        refund="Refund",
        reference="Ref.",
        tax="Tax",
        net="Net",
        gross="Gross",
        external_receipt="Till software's no.",
        thanks="Thank you for your purchase",
        tenders={"cash": "Cash", "card": "Card", "voucher": "Voucher"},
        x_report="X report",
        z_report="Z report",
        business_date="Business date",
        opened="Opened",
        closed="Closed",
        sales="Sales",
        cancelled="Cancelled",
        items="Items sold",
        returns="Returns",
        discounts="Discounts",
        cash_in_drawer="Cash in the drawer",
        float_amount="Float",
        cash_tenders="Cash less change",
        paid_in="Paid in",
        paid_out="Paid out",
        expected="Expected",
        counted="Counted",
        difference="Difference",
        first_receipt="First receipt",
        last_receipt="Last receipt",
        pay_in="Pay-in",
        pay_out="Pay-out",
        reason="Reason",
        signature="Signature",
    ),
    "de": Words(
        receipt="Bon",
        copy="KOPIE",
        till="Kasse",
        cashier="Kassiert von",
        vat_id="USt-IdNr.",
        returned="Rückgabe",
        instead_of="statt",
        discount="Rabatt",
        subtotal="Zwischensumme",
        net_subtotal="Summe netto",
        total="Summe",
        rounding="Rundung",
        to_pay="Zu zahlen",
        to_refund="Auszuzahlen",
        change="Rückgeld",
        refund="Erstattung",
        reference="Ref.",
        tax="MwSt.",
        net="Netto",
        gross="Brutto",
        external_receipt="Nr. der Kassensoftware",
        thanks="Vielen Dank für Ihren Einkauf",
        tenders={"cash": "Bar", "card": "Karte", "voucher": "Gutschein"},
        x_report="X-Bericht",
        z_report="Z-Bericht",
        business_date="Geschäftstag",
        opened="Eröffnet",
        closed="Abgeschlossen",
        sales="Verkäufe",
        cancelled="Abgebrochen",
        items="Verkaufte Positionen",
        returns="Rückgaben",
        discounts="Rabatte",
        cash_in_drawer="Bargeld in der Lade",
        float_amount="Wechselgeld",
        cash_tenders="Bar abzüglich Rückgeld",
        paid_in="Einlagen",
        paid_out="Entnahmen",
        expected="Soll",
        counted="Gezählt",
        difference="Differenz",
        first_receipt="Erster Bon",
        last_receipt="Letzter Bon",
        pay_in="Einlage",
        pay_out="Entnahme",
        reason="Grund",
        signature="Unterschrift",
    ),
    "fr": Words(
        receipt="Ticket",
        copy="DUPLICATA",
        till="Caisse",
        cashier="Encaissé par",
        vat_id="N° TVA",
        returned="Retour",
        instead_of="au lieu de",
        discount="Remise",
        subtotal="Sous-total",
        net_subtotal="Sous-total HT",
        total="Total",
        rounding="Arrondi",
        to_pay="À payer",
        to_refund="À rembourser",
        change="Rendu",
        refund="Remboursement",
        reference="Réf.",
        tax="TVA",
        net="HT",
        gross="TTC",
        external_receipt="N° du logiciel",
        thanks="Merci de votre visite",
        tenders={"cash": "Espèces", "card": "Carte", "voucher": "Bon d'achat"},
        x_report="Rapport X",
        z_report="Rapport Z",
        business_date="Jour d'activité",
        opened="Ouverture",
        closed="Clôture",
        sales="Ventes",
        cancelled="Annulées",
        items="Articles vendus",
        returns="Retours",
        discounts="Remises",
        cash_in_drawer="Espèces en caisse",
        float_amount="Fond de caisse",
        cash_tenders="Espèces moins rendu",
        paid_in="Apports",
        paid_out="Sorties",
        expected="Attendu",
        counted="Compté",
        difference="Écart",
        first_receipt="Premier ticket",
        last_receipt="Dernier ticket",
        pay_in="Apport de caisse",
        pay_out="Sortie de caisse",
        reason="Motif",
        signature="Signature",
    ),
    "es": Words(
        receipt="Tique",
        copy="COPIA",
        till="Caja",
        cashier="Atendido por",
        vat_id="NIF",
        returned="Devolución",
        instead_of="en lugar de",
        discount="Descuento",
        subtotal="Subtotal",
        net_subtotal="Base imponible",
        total="Total",
        rounding="Redondeo",
        to_pay="A pagar",
        to_refund="A devolver",
        change="Cambio",
        refund="Reembolso",
        reference="Ref.",
        tax="IVA",
        net="Base",
        gross="Total",
        external_receipt="N.º del programa",
        thanks="Gracias por su compra",
        tenders={"cash": "Efectivo", "card": "Tarjeta", "voucher": "Vale"},
        x_report="Informe X",
        z_report="Informe Z",
        business_date="Día de venta",
        opened="Apertura",
        closed="Cierre",
        sales="Ventas",
        cancelled="Anuladas",
        items="Artículos vendidos",
        returns="Devoluciones",
        discounts="Descuentos",
        cash_in_drawer="Efectivo en caja",
        float_amount="Fondo de caja",
        cash_tenders="Efectivo menos cambio",
        paid_in="Entradas",
        paid_out="Salidas",
        expected="Previsto",
        counted="Contado",
        difference="Diferencia",
        first_receipt="Primer tique",
        last_receipt="Último tique",
        pay_in="Entrada de caja",
        pay_out="Salida de caja",
        reason="Motivo",
        signature="Firma",
    ),
    "it": Words(
        receipt="Scontrino",
        copy="COPIA",
        till="Cassa",
        cashier="Operatore",
        vat_id="P. IVA",
        returned="Reso",
        instead_of="invece di",
        discount="Sconto",
        subtotal="Subtotale",
        net_subtotal="Imponibile",
        total="Totale",
        rounding="Arrotondamento",
        to_pay="Da pagare",
        to_refund="Da rimborsare",
        change="Resto",
        refund="Rimborso",
        reference="Rif.",
        tax="IVA",
        net="Imponibile",
        gross="Lordo",
        external_receipt="N. del software",
        thanks="Grazie per il Suo acquisto",
        tenders={"cash": "Contanti", "card": "Carta", "voucher": "Buono"},
        x_report="Rapporto X",
        z_report="Rapporto Z",
        business_date="Giorno contabile",
        opened="Apertura",
        closed="Chiusura",
        sales="Vendite",
        cancelled="Annullate",
        items="Articoli venduti",
        returns="Resi",
        discounts="Sconti",
        cash_in_drawer="Contanti in cassa",
        float_amount="Fondo cassa",
        cash_tenders="Contanti meno resto",
        paid_in="Versamenti",
        paid_out="Prelievi",
        expected="Previsto",
        counted="Contato",
        difference="Differenza",
        first_receipt="Primo scontrino",
        last_receipt="Ultimo scontrino",
        pay_in="Versamento",
        pay_out="Prelievo",
        reason="Motivo",
        signature="Firma",
    ),
    "nl": Words(
        receipt="Bon",
        copy="KOPIE",
        till="Kassa",
        cashier="Geholpen door",
        vat_id="Btw-nr.",
        returned="Retour",
        instead_of="in plaats van",
        discount="Korting",
        subtotal="Subtotaal",
        net_subtotal="Subtotaal excl.",
        total="Totaal",
        rounding="Afronding",
        to_pay="Te betalen",
        to_refund="Terug te betalen",
        change="Wisselgeld",
        refund="Terugbetaling",
        reference="Ref.",
        tax="Btw",
        net="Excl.",
        gross="Incl.",
        external_receipt="Nr. van de software",
        thanks="Bedankt voor uw aankoop",
        tenders={"cash": "Contant", "card": "Pin", "voucher": "Tegoedbon"},
        x_report="X-rapport",
        z_report="Z-rapport",
        business_date="Werkdag",
        opened="Geopend",
        closed="Gesloten",
        sales="Verkopen",
        cancelled="Geannuleerd",
        items="Verkochte artikelen",
        returns="Retouren",
        discounts="Kortingen",
        cash_in_drawer="Contant in de lade",
        float_amount="Startbedrag",
        cash_tenders="Contant min wisselgeld",
        paid_in="Gestort",
        paid_out="Opgenomen",
        expected="Verwacht",
        counted="Geteld",
        difference="Verschil",
        first_receipt="Eerste bon",
        last_receipt="Laatste bon",
        pay_in="Storting",
        pay_out="Opname",
        reason="Reden",
        signature="Handtekening",
    ),
}
"""BCP 47 primary subtag → words."""


def words_of(language: str) -> Words:
    """Find the words of a BCP 47 tag; English where the language is not in the table.

    >>> words_of("de-CH").total, words_of("ga").total
    ('Summe', 'Total')
    """
    return WORDS.get(language.partition("-")[0].lower(), WORDS["en"])
