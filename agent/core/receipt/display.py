"""What a customer reads on a line display: the line just sold and the total, then the change.

A display has some forty characters, so each figure keeps its place and names give way to it.
"""

from __future__ import annotations

import msgspec

from agent.core.quantities import Minor, Thousandths
from agent.core.receipt.formats import amount_text, money_text, quantity_text
from agent.core.receipt.width import printable, width
from agent.core.receipt.words import words_of


class Idle(msgspec.Struct, frozen=True):
    """Nobody is being served."""

    store_name: str


class Sold(msgspec.Struct, frozen=True):
    """The line that was added or changed last."""

    name: str
    quantity: Thousandths
    unit: str
    unit_price: Minor
    extension: Minor


class Selling(msgspec.Struct, frozen=True):
    """A sale is under way."""

    last: Sold | None
    """None where every line was voided."""
    total: Minor
    """Of all lines."""
    due: Minor | None = None
    """Still to pay, once something was paid; None before."""


class Paid(msgspec.Struct, frozen=True):
    """A sale has just been completed."""

    total: Minor
    given: Minor
    change: Minor


Shown = Idle | Selling | Paid
"""What there is to be seen."""


class Spoken(msgspec.Struct, frozen=True):
    """What only a customer's display says; all other words are the receipt's."""

    welcome: str
    given: str
    """Before the amount the customer handed over."""
    thanks: str
    """Shorter than the receipt's: it has to fit twenty characters."""


SPOKEN = {
    "en": Spoken("Welcome", "Given", "Thank you"),
    "de": Spoken("Willkommen", "Gegeben", "Vielen Dank"),
    "fr": Spoken("Bienvenue", "Reçu", "Merci"),
    "es": Spoken("Bienvenidos", "Entregado", "Gracias"),
    "it": Spoken("Benvenuti", "Ricevuto", "Grazie"),
    "pt": Spoken("Bem-vindos", "Entregue", "Obrigado"),
    "ro": Spoken("Bine ați venit", "Primit", "Mulțumim"),
    "nl": Spoken("Welkom", "Ontvangen", "Bedankt"),
    "sv": Spoken("Välkommen", "Mottaget", "Tack"),
    "da": Spoken("Velkommen", "Modtaget", "Tak"),
    "nb": Spoken("Velkommen", "Mottatt", "Takk"),
    "fi": Spoken("Tervetuloa", "Annettu", "Kiitos"),
    "pl": Spoken("Witamy", "Otrzymano", "Dziękujemy"),
    "cs": Spoken("Vítejte", "Přijato", "Děkujeme"),
    "hu": Spoken("Üdvözöljük", "Kapott", "Köszönjük"),
    "tr": Spoken("Hoş geldiniz", "Verilen", "Teşekkürler"),
    "el": Spoken("Καλώς ήρθατε", "Μετρητά", "Ευχαριστούμε"),
    "bg": Spoken("Добре дошли", "Платено", "Благодарим"),
    "uk": Spoken("Вітаємо", "Отримано", "Дякуємо"),
    "ar": Spoken("أهلا وسهلا", "المدفوع", "شكرا"),
    "he": Spoken("ברוכים הבאים", "שולם", "תודה"),
}
"""BCP 47 primary subtag → words."""


def spoken_of(language: str) -> Spoken:
    """Find the words of a BCP 47 tag; English where the language is not in the table."""
    return SPOKEN.get(language.partition("-")[0].lower(), SPOKEN["en"])


def display_lines(
    view: Shown, columns: int, rows: int, language: str, currency: str
) -> tuple[str, ...]:
    """Fit what there is to be seen onto a display.

    Args:
        view: what there is.
        columns: characters per line, at least one.
        rows: lines, at least one.
        language: BCP 47 tag of the words and figures.
        currency: ISO 4217.

    >>> bananas = Sold("Bananas", Thousandths(345), "kg", Minor(199), Minor(69))
    >>> display_lines(Selling(bananas, Minor(318)), 20, 2, "en", "EUR")
    ('Bananas         0.69', 'Total          €3.18')
    >>> display_lines(Paid(Minor(1234), Minor(2000), Minor(766)), 20, 2, "de", "EUR")
    ('Gegeben      20,00 €', 'Rückgeld      7,66 €')
    """
    fit = _Fit(columns, rows, language, currency)
    return tuple(fit.lines(view)[:rows])


class _Fit:
    """One display, one language, one currency."""

    def __init__(self, columns: int, rows: int, language: str, currency: str) -> None:
        self._columns = columns
        self._rows = rows
        self._language = language
        self._currency = currency
        self._words = words_of(language)
        self._spoken = spoken_of(language)

    def lines(self, view: Shown) -> list[str]:
        if isinstance(view, Idle):
            return self.idle(view.store_name)
        return self.selling(view) if isinstance(view, Selling) else self.paid(view)

    def idle(self, store_name: str) -> list[str]:
        return [self._centred(self._spoken.welcome), self._centred(store_name)]

    def selling(self, view: Selling) -> list[str]:
        summed = self._money(self._words.total, view.total)
        if view.due is not None:
            summed = self._money(self._words.to_pay, view.due)
        last = view.last
        if last is None or self._rows == 1:
            return [summed]
        amount = amount_text(last.extension, self._currency, self._language)
        sold = self._row(last.name, amount)
        return [sold, self._measure(last), summed] if self._rows > 2 else [sold, summed]

    def paid(self, paid: Paid) -> list[str]:
        total = self._money(self._words.total, paid.total)
        if not paid.change:
            return [total, self._centred(self._spoken.thanks)]
        given = self._money(self._spoken.given, paid.given)
        change = self._money(self._words.change, paid.change)
        every = [total, given, change]
        return every[-min(self._rows, len(every)) :]

    def _measure(self, last: Sold) -> str:
        quantity = quantity_text(last.quantity, last.unit, self._language)
        price = amount_text(last.unit_price, self._currency, self._language)
        return _cut(f"{quantity} × {price}", self._columns)

    def _money(self, word: str, amount: Minor) -> str:
        with_symbol = money_text(amount, self._currency, self._language)
        plain = amount_text(amount, self._currency, self._language)
        roomy = width(word) + 1 + width(with_symbol) <= self._columns
        return self._row(word, with_symbol if roomy else plain)

    def _row(self, left: str, right: str) -> str:
        """Set a text left and a figure right; the text gives way."""
        room = self._columns - width(right) - 1
        if room < 1:
            return _cut(right, self._columns)
        shown = _cut(printable(left), room)
        return shown + " " * (self._columns - width(shown) - width(right)) + right

    def _centred(self, text: str) -> str:
        shown = _cut(printable(text), self._columns)
        return (" " * ((self._columns - width(shown)) // 2) + shown).rstrip()


def _cut(text: str, columns: int) -> str:
    """Keep as many characters as fit, marks with their letters."""
    kept, taken = "", 0
    for character in text.replace("\n", " "):
        taken += width(character)
        if taken > columns:
            break
        kept += character
    return kept.rstrip()
