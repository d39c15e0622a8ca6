"""Saying more of a line that was just added: a second symbol of the same pack was read."""

from __future__ import annotations

import msgspec

from agent.core.sale.bounds import line_numbered, money
from agent.core.sale.lines import NewLine, add_line, goods
from agent.core.sale.model import Line, Sale, SaleFault
from agent.core.sale.states import Action, next_state


def relabel_line(sale: Sale, number: int, new: NewLine, *, priced: bool) -> Sale:
    """Put what another symbol of the pack says into its line; the number stays.

    Args:
        sale: the basket, unchanged where this raises.
        number: the pack's line.
        new: the line as it would be added with all that is known of the pack now.
        priced: whether price and quantity follow too, because only the new symbol carries them.

    Raises:
        SaleFault: `line-voided`, `discount-too-large` (what is left costs less than the receipt
            discount), the sale is not open, or the new label cannot be sold.
        NotFoundFault: `no-such-line`.
    """
    next_state(sale, Action.CHANGE_LINE)
    found = line_numbered(sale, number)
    told = _priced(sale, found, new) if priced else found
    changed = msgspec.structs.replace(
        told, scanned=new.scanned, lot=new.lot, expiry=new.expiry, serial=new.serial
    )
    lines = tuple(changed if line.line == number else line for line in sale.lines)
    if sale.discount > goods(lines):
        raise SaleFault(
            f"with the label's price the sale costs {money(goods(lines), sale.currency)}, less "
            f"than the receipt discount of {money(sale.discount, sale.currency)}",
            remedy="take the receipt discount back first",
            name="discount-too-large",
        )
    return msgspec.structs.replace(sale, lines=lines)


def _priced(sale: Sale, found: Line, new: NewLine) -> Line:
    fresh = add_line(msgspec.structs.replace(sale, lines=()), new).lines[0]
    return msgspec.structs.replace(fresh, line=found.line, line_id=found.line_id, actor=found.actor)
