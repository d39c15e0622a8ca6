"""The payment account a tender came from: closed for HQ as it comes in, and never in a sale's way.

What is no account is left out and told. Where HQ has not given its key yet, nobody could read it,
and none is kept; neither while the disk has no room for more than sales.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import structlog

from agent.core import sale as rules
from agent.core.card_numbers import Finding, card_numbers
from agent.core.entries.payments import AccountSeen, account_of, accounts_seen
from agent.core.faults import InputFault
from agent.core.sale import CASH
from agent.core.sale.model import Sale, Stamp
from agent.core.space import Work
from agent.till import value
from agent.till.desk import Desk
from agent.till.replies import LeftOut
from agent.till.requests import TenderRequest

FIELD = "payment_account_reference"
log = structlog.get_logger(__name__)


class Judged(NamedTuple):
    """What a tender says of its account: one to keep, or why none is kept; or nothing at all."""

    reference: str | None = None
    left_out: tuple[LeftOut, ...] = ()


def judged(desk: Desk, tender: TenderRequest, path: str = FIELD) -> Judged:
    """Read the account of a tender; nothing that stands there is refused.

    Args:
        desk: the till's.
        tender: as it was told.
        path: of the account in the request.
    """
    if tender.payment_account_reference is None:
        return Judged()
    try:
        return Judged(_account(tender))
    except InputFault as fault:
        log.warning("payment-account-left-out", till=desk.till.id, why=fault.detail)
        return Judged(left_out=(LeftOut(path, fault.detail, fault.remedy),))


def with_account(desk: Desk, sale: Sale, found: Judged) -> Sale:
    """Put beside the last tender which account it came from, where HQ alone can read it."""
    if found.reference is None:
        return sale
    sealed = desk.directory.keyring.seal_account(found.reference, sale.sale_id)
    return sale if sealed is None else rules.from_account(sale, sealed)


def seen(desk: Desk, sale: Sale, stamp: Stamp) -> list[AccountSeen]:
    """Make the facts of the accounts a sale was paid from; sales go first where room is short."""
    if not sale.paid_from or not desk.journal.space.verdict().allows(Work.SIDE):
        return []
    return accounts_seen(sale, store=desk.store.id, stamp=stamp)


def told_in(desk: Desk, tenders: Sequence[TenderRequest]) -> list[Judged]:
    """Read the accounts of all tenders of a whole sale, in their order."""
    return [judged(desk, tender, f"tenders[{n}].{FIELD}") for n, tender in enumerate(tenders)]


def card_numbers_in(tenders: Sequence[TenderRequest]) -> tuple[Finding, ...]:
    """Tell where a card's number was sent as an account: it is kept nowhere, and somebody looks."""
    said = [(n, tender.payment_account_reference) for n, tender in enumerate(tenders)]
    return tuple(
        Finding(f"tenders[{n}].{FIELD}", card.form, card.digits, card.shown, card.scheme)
        for n, text in said
        if isinstance(text, str)
        for card in card_numbers(text)
    )


def without_accounts(tenders: Sequence[TenderRequest]) -> tuple[TenderRequest, ...]:
    """Give tenders as the rest of the till may see them."""
    return tuple(
        msgspec.structs.replace(tender, payment_account_reference=None) for tender in tenders
    )


def _account(tender: TenderRequest) -> str:
    if tender.kind == CASH or value.is_value(tender.kind):
        raise InputFault(
            f"{tender.kind} comes from no payment account",
            remedy="send the reference with the tender that was paid by card",
        )
    return account_of(tender.payment_account_reference).value
