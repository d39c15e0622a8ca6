"""The table of tax on a paper: one row per rate, the highest first, each with its letter."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import partial

from agent.core.receipt.direction import LTR_MARK, RTL_MARK, is_rtl
from agent.core.receipt.document import Block, Row, Rule
from agent.core.receipt.formats import rate_text
from agent.core.receipt.shop import Shop
from agent.core.receipt.width import width
from agent.core.sale.model import TaxAmount, TaxRate


def rate_letters(taxes: Sequence[TaxAmount]) -> dict[TaxRate, str]:
    """Give each rate the letter that marks it on the lines; a 27th rate goes without."""
    rates = [TaxRate(amount.name, amount.basis_points) for amount in taxes]
    return dict(zip(rates, string.ascii_uppercase, strict=False))


def tax_table(taxes: Sequence[TaxAmount], shop: Shop) -> list[Block]:
    """Lay the table out as rows `A 19 %  net + tax … gross`; nothing where there is no tax."""
    if not taxes:
        return []
    lettered = shop.template.settings.lines.tax_letters
    letters = rate_letters(taxes) if lettered else {}
    labels = [_label(amount, letters, shop) for amount in taxes]
    words = shop.words
    if is_rtl(shop.language):
        head = Row(f"{words.tax}  {words.net} + {words.tax}", words.gross)
        return [Rule(), head, *map(partial(_row_from_right, shop), labels, taxes)]
    across = max(width(label) for label in (words.tax, *labels))
    head = Row(f"{_padded(words.tax, across)}  {words.net} + {words.tax}", words.gross)
    rows = (
        _row(shop, _padded(label, across), each) for label, each in zip(labels, taxes, strict=True)
    )
    return [Rule(), head, *rows]


def _label(amount: TaxAmount, letters: dict[TaxRate, str], shop: Shop) -> str:
    letter = letters.get(TaxRate(amount.name, amount.basis_points), "")
    return f"{letter} {rate_text(amount.basis_points, shop.language)}".lstrip()


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def _row(shop: Shop, label: str, amount: TaxAmount) -> Row:
    net, tax = shop.amount(amount.net), shop.amount(amount.tax)
    return Row(f"{label}  {net} + {tax}", shop.amount(amount.gross))


def _row_from_right(shop: Shop, label: str, amount: TaxAmount) -> Row:
    """Put marks where it is read from the right: figures in their order, their signs in front."""
    net, tax = shop.amount(amount.net), shop.amount(amount.tax)
    parts = f"{RTL_MARK}  {LTR_MARK}{net}{RTL_MARK} + {LTR_MARK}{tax}"
    return Row(f"{label}{parts}", shop.amount(amount.gross))
