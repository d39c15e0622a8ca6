"""Money on the counter, and money handed back as a refund.

Only cash gives change: a card or a voucher is taken for what is due and no more. A refund is a
tender with a negative amount, and is given for what is owed and no more.
"""

from __future__ import annotations

import re

import msgspec

from agent.core import card_numbers
from agent.core.quantities import Minor
from agent.core.recognition import without_addresses
from agent.core.sale.bounds import money, require_amount, tender_numbered
from agent.core.sale.model import PaidFrom, Sale, SaleFault, Tender
from agent.core.sale.states import Action, next_state
from agent.core.sale.totals import CASH, round_cash, totals

TENDERS_MAX = 100
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def add_tender(
    sale: Sale,
    kind: str,
    amount: Minor,
    reference: str | None = None,
    *,
    tender_id: str | None = None,
    cash_rounding: int = 1,
) -> Sale:
    """Take (or, with a negative amount, give back) money; a known `tender_id` changes nothing.

    Args:
        sale: an open sale.
        kind: `cash`, `card`, `voucher` …
        amount: in minor units; 0 only in cash, where the rest rounds away. Exactly what is open,
            in cash, is taken (or given) in the coins there are: rounded.
        reference: the terminal's; a card number in it is masked but for four digits (P9).
        tender_id: the caller's own id.
        cash_rounding: the smallest coin, in minor units.

    Raises:
        SaleFault: `tender-kind`, `zero-amount`, `amount-too-large`, `nothing-due`,
            `more-than-due`, `nothing-to-refund`, `more-than-owed`, `too-many-tenders`, or the
            sale is not open.
    """
    next_state(sale, Action.ADD_TENDER)
    if _is_there(sale, tender_id):
        return sale
    _require_amount(sale, kind, amount, cash_rounding)
    amount = _in_coins(sale, kind, amount, cash_rounding)
    recorded = record_tender(sale, kind, amount, reference, tender_id=tender_id)
    if amount > 0:
        _require_due(sale, kind, amount, cash_rounding)
    elif amount < 0:
        _require_owed(sale, recorded, amount, cash_rounding)
    return recorded


def record_tender(
    sale: Sale,
    kind: str,
    amount: Minor,
    reference: str | None = None,
    *,
    tender_id: str | None = None,
) -> Sale:
    """Put a tender down as other software took it, without asking what was due.

    Raises:
        SaleFault: `tender-kind`, `amount-too-large`, `too-many-tenders`, or the sale is not open.
    """
    next_state(sale, Action.ADD_TENDER)
    if _is_there(sale, tender_id):
        return sale
    _require_recordable(sale, kind, amount)
    number = max((tender.tender for tender in sale.tenders), default=0) + 1
    tender = Tender(number, kind, amount, masked(reference), tender_id)
    return msgspec.structs.replace(sale, tenders=(*sale.tenders, tender))


def remove_tender(sale: Sale, tender: int) -> Sale:
    """Take a tender back before the sale is completed; the money has been handed back.

    Raises:
        SaleFault: the sale is not open.
        NotFoundFault: `no-such-tender`.
    """
    next_state(sale, Action.REMOVE_TENDER)
    found = tender_numbered(sale, tender)
    return msgspec.structs.replace(
        sale,
        tenders=tuple(each for each in sale.tenders if each is not found),
        paid_from=tuple(each for each in sale.paid_from if each.tender != tender),
    )


def from_account(sale: Sale, sealed: bytes) -> Sale:
    """Put beside the last tender which account it came from, closed for HQ already."""
    paid = PaidFrom(sale.tenders[-1].tender, sealed)
    return msgspec.structs.replace(sale, paid_from=(*sale.paid_from, paid))


def masked(reference: str | None) -> str | None:
    """Hide all but the last four digits of anything that can be a payment card's number (P9).

    So is an e-mail address, by which some services name who has paid: the books are not erased.

    >>> masked("terminal 7, 4111 1111 1111 1111"), masked("123456"), masked("ada@example.com")
    ('terminal 7, ****1111', '123456', '***')
    """
    if reference is None:
        return None
    return without_addresses(card_numbers.masked(reference.strip())) or None


def _is_there(sale: Sale, tender_id: str | None) -> bool:
    return tender_id is not None and any(each.tender_id == tender_id for each in sale.tenders)


def _require_recordable(sale: Sale, kind: str, amount: Minor) -> None:
    if _KIND.fullmatch(kind) is None:
        raise SaleFault(
            f"{kind!r} is no kind of tender",
            remedy="write a word in lower case, such as cash, card or voucher",
            name="tender-kind",
        )
    require_amount(amount, sale.currency)
    if len(sale.tenders) >= TENDERS_MAX:
        raise SaleFault(
            f"the sale has {TENDERS_MAX} tenders, the most it can have",
            remedy="remove some of them and take their amount at once",
            name="too-many-tenders",
        )


def _unpaid(sale: Sale) -> int:
    """What is open without any cash rounding; negative where it is owed to the customer."""
    return totals(sale).total - sum(tender.amount for tender in sale.tenders)


def _require_amount(sale: Sale, kind: str, amount: Minor, cash_rounding: int) -> None:
    """Let 0 pass only where there is something to settle and no coin is small enough for it."""
    unpaid = Minor(_unpaid(sale))
    rounds_away = unpaid != 0 and round_cash(unpaid, cash_rounding) == 0
    if amount == 0 and not (kind == CASH and rounds_away):
        raise SaleFault("a tender of 0 pays nothing", remedy="enter the amount", name="zero-amount")


def _in_coins(sale: Sale, kind: str, amount: Minor, cash_rounding: int) -> Minor:
    open_in_cash = kind == CASH and amount == _unpaid(sale)
    return round_cash(amount, cash_rounding) if open_in_cash else amount


def _require_due(sale: Sale, kind: str, amount: Minor, cash_rounding: int) -> None:
    # With cash already on the counter the rounded rest is shown as due, and both it and the exact
    # rest settle the sale.
    due = max(totals(sale, cash_rounding).due, _unpaid(sale))
    if due <= 0:
        raise SaleFault(
            "nothing is to be paid",
            remedy="complete the sale"
            if due == 0
            else f"give {money(-due, sale.currency)} back: a tender with a negative amount",
            name="nothing-due",
        )
    if kind != CASH and amount > due:
        raise SaleFault(
            f"{money(amount, sale.currency)} by {kind} is more than the "
            f"{money(due, sale.currency)} due, and only cash gives change",
            remedy=f"take at most {money(due, sale.currency)} by {kind}",
            name="more-than-due",
        )


def _require_owed(sale: Sale, refunded: Sale, amount: Minor, cash_rounding: int) -> None:
    owed = -totals(sale, cash_rounding).due
    if owed <= 0:
        raise SaleFault(
            f"nothing is owed to the customer, so {money(-amount, sale.currency)} cannot be given "
            "back",
            remedy="add the goods that come back first, with a negative quantity",
            name="nothing-to-refund",
        )
    if totals(refunded, cash_rounding).due > 0:
        raise SaleFault(
            f"{money(-amount, sale.currency)} is more than the {money(owed, sale.currency)} owed "
            "to the customer",
            remedy=f"give {money(owed, sale.currency)} back",
            name="more-than-owed",
        )
