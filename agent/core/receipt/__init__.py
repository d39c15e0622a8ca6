"""A sale or a report to a `ReceiptDocument`, and that to lines of a given number of columns.

`sale_receipt`, `report_receipt` and `cash_receipt` say what is seen; `lay_out` says where, for
every device alike; `plain_text` is the simplest of those devices, `html` the one without paper.
Language decides words, direction and the way figures are written (`words`, `direction`, `formats`);
a template (`template`, checked by `template_rules`) decides what stands where.
"""

from __future__ import annotations

from agent.core.receipt.document import ReceiptDocument
from agent.core.receipt.html import html
from agent.core.receipt.layout import LaidLine, lay_out
from agent.core.receipt.plain import plain_text
from agent.core.receipt.report_receipt import cash_receipt, report_receipt
from agent.core.receipt.sale_receipt import sale_receipt
from agent.core.receipt.shop import Shop
from agent.core.receipt.template import BUILT_IN, Template

__all__ = [
    "BUILT_IN",
    "LaidLine",
    "ReceiptDocument",
    "Shop",
    "Template",
    "cash_receipt",
    "html",
    "lay_out",
    "plain_text",
    "report_receipt",
    "sale_receipt",
]
