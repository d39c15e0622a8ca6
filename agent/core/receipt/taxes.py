"""The table of tax on a paper: one row per rate, the highest first, each with its letter."""

from __future__ import annotations

import string
from collections.abc import Sequence

from agent.core.receipt.direction import LTR_MARK, RTL_MARK, is_rtl
from agent.core.receipt.document import Block, Row, Rule
from agent.core.receipt.formats import rate_text
from agent.core.receipt.shop import Shop
from agent.core.sale.model import TaxAmount, TaxRate


def rate_letters(taxes: Sequence[TaxAmount]) -> dict[TaxRate, str]:
    """Give each rate the letter that marks it on the lines; a 27th rate goes without."""
    rates = [TaxRate(amount.name, amount.basis_points) for amount in taxes]
    return dict(zip(rates, string.ascii_uppercase, strict=False))


def tax_table(taxes: Sequence[TaxAmount], shop: Shop) -> list[Block]:
    """Lay the table out as rows `A 19 %  net + tax … gross`; nothing where there is no tax."""
    if not taxes:
        return []
    words = shop.words
    head = Row(f"{words.tax}  {words.net} + {words.tax}", words.gross)
    lettered = shop.template.settings.lines.tax_letters
    letters = rate_letters(taxes) if lettered else {}
    return [Rule(), head, *(_row(amount, letters, shop) for amount in taxes)]


def _row(amount: TaxAmount, letters: dict[TaxRate, str], shop: Shop) -> Row:
    letter = letters.get(TaxRate(amount.name, amount.basis_points), "")
    rate = f"{letter} {rate_text(amount.basis_points, shop.language)}".lstrip()
    net, tax = shop.amount(amount.net), shop.amount(amount.tax)
    parts = f"  {net} + {tax}"
    if is_rtl(shop.language):
        # The head is read from the right there: the marks make each figure follow it, and keep
        # the sign of each in front.
        parts = f"{RTL_MARK}  {LTR_MARK}{net}{RTL_MARK} + {LTR_MARK}{tax}"
    return Row(f"{rate}{parts}", shop.amount(amount.gross))
