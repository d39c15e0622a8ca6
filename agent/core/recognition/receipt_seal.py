"""The signed code on a receipt: any store of the chain can trust the paper, offline.

`SR1.PAYLOAD.KEY.SIGNATURE`: the payload says which sale it was, when, over how much, and a digest
of it; the till that sold signs with its device key. A plain code of the receipt number alone is
read as well (`receipt`), and then only a store that holds the sale can say more.
"""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec

from agent.core.identifiers import SaleId
from agent.core.recognition import receipt, signed_text
from agent.core.recognition.means import ReceiptKey, ReceiptSeal
from agent.core.recognition.rules import RecognitionRules
from agent.core.recognition.signed_text import SignedText

KIND = "SR1"
KEY_RULE = "receipt-key-"
"""What the rule is called under which HQ publishes a till's key; its id follows, see `key_rule`."""
DIGEST_BYTES = 16

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class _Payload(msgspec.Struct, frozen=True, array_like=True):
    """The fields in their order, as a MessagePack array: short enough for a small QR code."""

    sale: bytes
    """A zero byte and the sixteen of a UUID; any other id as its text, which begins otherwise."""
    receipt_no: str
    business_date: int
    """2026-11-21 as 20261121."""
    currency: str
    total: int
    digest: bytes


class TillKey(msgspec.Struct, frozen=True):
    """What HQ publishes of a till: its receipts are trusted by this key."""

    public: str
    """Ed25519 (RFC 8032), 64 hexadecimal digits."""


def key_rule(key_id: str) -> str:
    """Name the rule of a till's key.

    >>> key_rule("66687AADF862")
    'receipt-key-66687aadf862'
    """
    return KEY_RULE + key_id.lower()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Payload).decode


def to_sign(
    sale_id: SaleId,
    receipt_no: str,
    *,
    business_date: str,
    currency: str,
    total: int,
    digest: bytes,
    key_id: str,
) -> str:
    """Write what a till signs for a receipt; `signed_text.with_signature` completes it.

    Args:
        sale_id: of the sale.
        receipt_no: as printed.
        business_date: ISO 8601.
        currency: ISO 4217.
        total: in minor units.
        digest: of the sale as sealed, for example its entry's commitment; the first sixteen bytes
            are kept.
        key_id: `signed_text.key_id` of the till's public key.
    """
    day = int(business_date.replace("-", ""))
    payload = _Payload(_packed(sale_id), receipt_no, day, currency, total, digest[:DIGEST_BYTES])
    return signed_text.to_sign(KIND, (signed_text.to_base32(_encode(payload)),), key_id)


def keys(text: str, rules: RecognitionRules) -> tuple[ReceiptKey, ...]:
    """Read a text as the signed code of a receipt, without checking its signature."""
    parts = signed_text.read(text, KIND)
    if parts is None:
        return ()
    fields, signed = parts
    try:
        seal = _seal(_decode(signed_text.from_base32("".join(fields))), signed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    named = receipt.keys(seal.receipt_no, rules)
    return tuple(ReceiptKey(key.receipt_no, seal) for key in named)


def _packed(sale_id: str) -> bytes:
    """Write a UUID in its one text form (RFC 9562, section 4) as its bytes, anything else as it is.

    >>> _packed("0199f3a0-0000-7000-8000-000000000001").hex()
    '000199f3a0000070008000000000000001'
    """
    if _UUID.fullmatch(sale_id) is None:
        return sale_id.encode()
    return b"\0" + bytes.fromhex(sale_id.replace("-", ""))


def _unpacked(sale: bytes) -> SaleId:
    """Read what `_packed` wrote.

    Raises:
        UnicodeDecodeError: bytes that it never writes.
    """
    if not sale.startswith(b"\0"):
        return SaleId(sale.decode())
    digits = sale[1:].hex()
    places = pairwise((0, 8, 12, 16, 20, len(digits)))
    return SaleId("-".join(digits[begin:end] for begin, end in places))


def _seal(said: _Payload, text: SignedText) -> ReceiptSeal:
    day = f"{said.business_date:08d}"
    return ReceiptSeal(
        sale_id=_unpacked(said.sale),
        receipt_no=said.receipt_no,
        business_date="-".join((day[:4], day[4:6], day[6:])),
        currency=said.currency,
        total=said.total,
        digest=said.digest,
        text=text,
    )
