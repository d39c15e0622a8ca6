"""The payment account a customer paid from: weak evidence of who they are, for HQ's eyes alone.

A till knows the account (EMVCo: PAR) only while a tender comes in. It is closed for HQ at once, so
that neither the basket nor the journal says which sales were paid from one account; the sale itself
never names it. Of a sale without a customer none is kept: there is nobody it could be evidence of.
"""

from __future__ import annotations

import msgspec

from agent.core.card_numbers import card_numbers
from agent.core.faults import InputFault
from agent.core.identifiers import PartyId, SaleId, StoreId, TillId
from agent.core.recognition import Identifier, IdentifierType, normalise
from agent.core.sale.model import Sale, Stamp

_NO_REGION = "ZZ"
"""An account reads the same in every country."""


class AccountSeen(msgspec.Struct, frozen=True, omit_defaults=True, tag="payment_account.seen"):
    """A customer paid from some payment account. `side`; personal, erasable."""

    party_id: PartyId
    sale_id: SaleId
    store: StoreId
    till: TillId
    at: Stamp
    tender: int
    """Of the sale."""
    sealed: bytes
    """The reference, closed for HQ (`core.privacy.seal_account`)."""
    reference: str = ""
    """As HQ has opened it; empty wherever it is kept."""


def account_of(said: object) -> Identifier:
    """Read what a payment terminal gives as the account behind a card.

    Args:
        said: any JSON value.

    Raises:
        InputFault: it is none, or could be a card's number. It is not repeated.

    >>> account_of(" 5001 abcdefghijklmnopqrstuvwxy ").value
    '5001ABCDEFGHIJKLMNOPQRSTUVWXY'
    """
    text = said if isinstance(said, str) else ""
    found = normalise(IdentifierType.PAR, text, _NO_REGION)
    if card_numbers(text):
        raise InputFault(
            "a payment account reference has a card number in it",
            remedy="send the PAR that the terminal gives, and no number of a card",
        )
    return found


def accounts_seen(sale: Sale, *, store: StoreId, stamp: Stamp) -> list[AccountSeen]:
    """Make the facts of the accounts that a sale was paid from; none of a sale to nobody known."""
    if sale.party_id is None:
        return []
    return [
        AccountSeen(
            party_id=sale.party_id,
            sale_id=sale.sale_id,
            store=store,
            till=sale.till,
            at=stamp,
            tender=paid.tender,
            sealed=paid.sealed,
        )
        for paid in sale.paid_from
    ]
