"""What a language has to say on a receipt; the type checker sees to it that none lacks a word."""

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
    points_earned: str
    points_balance: str
    as_of: str
    """Before the moment a balance is of."""
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
