"""The signed codes of receipts: made with this device's key, so that every till can trust them.

A code is made from the sealed sale whenever its receipt is laid out, so a copy years later carries
one as well. It names the sale and nobody: whose sale it was stands on no paper (P9).
"""

from __future__ import annotations

from collections.abc import Callable

from agent.core.entries.bodies import SaleCompleted
from agent.core.recognition import receipt_seal
from agent.core.recognition.signed_text import key_id, with_signature
from agent.journal.device_key import DeviceKey


class ReceiptCodes:
    """Signs codes with the key that is the device's now."""

    def __init__(self, key: Callable[[], DeviceKey]) -> None:
        """Take where the key is found: it may be renewed while the agent runs."""
        self._key = key

    def public(self) -> bytes:
        """Give the public key that checks them: 32 bytes."""
        return self._key().public_bytes

    def code(self, body: SaleCompleted, digest: bytes) -> str:
        """Make the code of a completed sale; `digest` is the sale's commitment."""
        key = self._key()
        text = receipt_seal.to_sign(
            body.sale_id,
            body.receipt_no,
            business_date=body.business_date,
            currency=body.currency,
            total=body.total,
            digest=digest,
            key_id=key_id(key.public_bytes),
        )
        return with_signature(text, key.private.sign(text.encode()))
