"""Ids that follow from other ids, so that a repeated request names the same thing."""

from __future__ import annotations

from hashlib import sha256

from agent.core.identifiers import PrintId, SaleId

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_FREE_BITS = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)


def print_id_for(purpose: str, sale_id: SaleId) -> PrintId:
    """Derive the id of a print job that belongs to a sale: its receipt, or its drawer kick.

    It is a UUIDv7 (RFC 9562, 5.7): the sale's time in front, and in place of randomness a hash of
    the purpose and the sale's id. Completing a sale twice thus names one job, without a table to
    look it up in.
    """
    timestamp = int(sale_id.replace("-", "")[:12], 16)
    noise = int.from_bytes(sha256(f"{purpose}\0{sale_id}".encode()).digest()[:16])
    digits = f"{timestamp << 80 | _VERSION_7 | _VARIANT | noise & _FREE_BITS:032x}"
    return PrintId(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")
