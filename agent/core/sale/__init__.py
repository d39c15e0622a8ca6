"""The sale: states and transitions in one table, lines, discounts, tax, tenders, returns, day.

Every function takes a sale and gives the next one, or raises a fault and leaves it as it was.
`states.TRANSITIONS` is the table of what may be done when.
"""

from __future__ import annotations

from agent.core.sale.bounds import AMOUNT_MAX, LINES_MAX, QUANTITY_MAX
from agent.core.sale.changes import (
    change_quantity,
    discount_line,
    discount_sale,
    override_price,
    set_customer,
    void_line,
)
from agent.core.sale.day_of import business_date, local_time
from agent.core.sale.ending import cancel, complete, park, resume
from agent.core.sale.lines import NewLine, add_line, open_sale, record_line, weight_of
from agent.core.sale.model import (
    Line,
    ReturnOf,
    Sale,
    SaleFault,
    Stamp,
    TaxAmount,
    TaxRate,
    Tender,
    Totals,
)
from agent.core.sale.relabelling import relabel_line
from agent.core.sale.returns import Original, return_line, returnable, returned_in
from agent.core.sale.states import CANCELLED, COMPLETED, OPEN, PARKED, TRANSITIONS, Action
from agent.core.sale.tax import Part, line_taxes, spread, tax_amounts
from agent.core.sale.tenders import (
    add_tender,
    from_account,
    masked,
    record_tender,
    remove_tender,
)
from agent.core.sale.totals import CASH, round_cash, totals

__all__ = [
    "AMOUNT_MAX",
    "CANCELLED",
    "CASH",
    "COMPLETED",
    "LINES_MAX",
    "OPEN",
    "PARKED",
    "QUANTITY_MAX",
    "TRANSITIONS",
    "Action",
    "Line",
    "NewLine",
    "Original",
    "Part",
    "ReturnOf",
    "Sale",
    "SaleFault",
    "Stamp",
    "TaxAmount",
    "TaxRate",
    "Tender",
    "Totals",
    "add_line",
    "add_tender",
    "business_date",
    "cancel",
    "change_quantity",
    "complete",
    "discount_line",
    "discount_sale",
    "from_account",
    "line_taxes",
    "local_time",
    "masked",
    "open_sale",
    "override_price",
    "park",
    "record_line",
    "record_tender",
    "relabel_line",
    "remove_tender",
    "resume",
    "return_line",
    "returnable",
    "returned_in",
    "round_cash",
    "set_customer",
    "spread",
    "tax_amounts",
    "totals",
    "void_line",
    "weight_of",
]
