"""The signed code of a receipt at HQ: whether it is genuine, and whether the sale is what it says.

The key is looked up among the devices HQ has let in, whether or not they still sell, unless they
were revoked. The digest is compared with what the sale was sealed by: a receipt of a sale that
HQ has, and that says something else, is none.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.kinds import KINDS
from agent.core.faults import InputFault
from agent.core.recognition import RecognitionRules, receipt_seal
from agent.core.recognition.means import ReceiptSeal
from agent.core.recognition.signed_text import is_genuine
from central.identity.parties import canonical
from central.ledger.authority_tables import REVOKED_DEVICES
from central.ledger.customer_tables import PSEUDONYMS, SALES
from central.ledger.tables import CHAIN, CREDENTIALS

_RULES = RecognitionRules()
_SALE = KINDS[SaleCompleted].kind


class ReceiptView(msgspec.Struct, frozen=True):
    """What a receipt's code is worth."""

    genuine: bool
    """A till of this chain signed it, and it does not say otherwise than the sale that is held."""
    why: str
    sale_id: str
    receipt_no: str
    business_date: str
    """ISO 8601."""
    currency: str
    total: int
    """Minor units."""
    held: bool
    """Whether HQ has the sale yet: a till may have been offline since."""
    party_id: str | None = None
    """Who bought, as far as HQ knows: whoever brings the paper need not be them."""


def check(conn: Connection, code: str) -> ReceiptView:
    """Check the signed code of a receipt.

    Raises:
        InputFault: `no-receipt-code`.
    """
    read = receipt_seal.keys(code, _RULES)
    seal = read[0].seal if read else None
    if seal is None:
        raise InputFault(
            "this is no signed code of a receipt",
            remedy="scan the QR code of the receipt anew; a number alone is searched for instead",
            name="no-receipt-code",
        )
    sale = conn.execute(select(SALES).where(SALES.c.sale_id == seal.sale_id)).one_or_none()
    fault = _fault(conn, seal)
    if fault is None and sale is not None and not _is_same(conn, sale, seal):
        fault = "the sale of that number was sealed with other contents"
    buyer = _buyer(conn, sale.customer_ref) if sale is not None and fault is None else None
    return ReceiptView(
        genuine=fault is None,
        why=fault or "a till of this chain signed it",
        sale_id=seal.sale_id,
        receipt_no=seal.receipt_no,
        business_date=seal.business_date,
        currency=seal.currency,
        total=seal.total,
        held=sale is not None,
        party_id=buyer,
    )


def _fault(conn: Connection, seal: ReceiptSeal) -> str | None:
    """Say why a signature is worth nothing; None where it is good."""
    named = CREDENTIALS.c.keyid.startswith(seal.text.key_id.lower(), autoescape=True)
    keys = list(conn.execute(select(CREDENTIALS.c.device_key).where(named)).scalars())
    signer = next((key for key in keys if is_genuine(seal.text, bytes.fromhex(key))), None)
    if signer is None:
        return "no device that HQ has let in signed it"
    revoked = select(REVOKED_DEVICES.c.reason).where(REVOKED_DEVICES.c.device_key == signer)
    reason = conn.execute(revoked).scalar_one_or_none()
    return None if reason is None else f"the device that signed it was revoked: {reason}"


def _is_same(conn: Connection, sale: Row[Any], seal: ReceiptSeal) -> bool:
    """Compare with what the sale was sealed by; one that was carried here has another seal."""
    at = (CHAIN.c.journal_id == sale.journal_id) & (CHAIN.c.seq == sale.seq)
    query = select(CHAIN.c.commitment).where(at, CHAIN.c.kind == _SALE)
    sealed = conn.execute(query).scalar_one_or_none()
    return sealed is None or sealed[: receipt_seal.DIGEST_BYTES] == seal.digest


def _buyer(conn: Connection, customer_ref: str | None) -> str | None:
    query = select(PSEUDONYMS.c.party_id).where(PSEUDONYMS.c.customer_ref == customer_ref)
    found = conn.execute(query).scalar_one_or_none()
    return None if found is None else canonical(conn, found)
