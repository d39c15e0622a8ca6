"""No payment card's number is kept (PCI DSS v4.0.1, 3.3 and 3.5): found, refused or masked.

`card_numbers` finds one in a text: `pan` says what decides, `issuers` holds the ranges, `tracks`
the forms of a magnetic stripe, `exempt` what is never one (no GTIN is). `refuse_card_numbers` is
for an entry by hand, `mask_document` for a whole sale or order of other software, which is kept
whatever somebody wrote into it (`masking`), and the fact of it is `CardNumbersMasked` (`noted`).
"""

from __future__ import annotations

from agent.core.card_numbers.masking import (
    TYPED,
    CardNumberGiven,
    Finding,
    Masked,
    given,
    mask_document,
    masked,
    refuse_card_numbers,
)
from agent.core.card_numbers.noted import CardNumbersMasked
from agent.core.card_numbers.pan import CardNumber, card_numbers

__all__ = [
    "TYPED",
    "CardNumber",
    "CardNumberGiven",
    "CardNumbersMasked",
    "Finding",
    "Masked",
    "card_numbers",
    "given",
    "mask_document",
    "masked",
    "refuse_card_numbers",
]
