"""A chain's signing key, a pass with a secret, and a look-up that holds what a test gives it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.core.identifiers import SaleId
from agent.core.recognition import (
    Answer,
    CodePass,
    Identifier,
    Item,
    ItemKey,
    SignedPass,
    TotpKey,
    Unknown,
    wallet,
)
from agent.core.recognition.one_time_codes import code_at
from agent.core.recognition.rules import RecognitionRules
from agent.core.recognition.signed_text import key_id, with_signature

NOW = 1_800_000_000
PASS = wallet.new_pass_id(b"\x07\x31\x41\x59\x26\x53\x58\x97\x93\x23")
KEY = TotpKey(b"12345678901234567890")
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
KEY_ID = key_id(PUBLIC)


def code_text(at: int = NOW, pass_id: str = PASS, key: TotpKey = KEY) -> str:
    """Show a pass as a wallet does."""
    return f"TW1.{pass_id}.{code_at(key, at // key.period)}"


def signed_text(at: int = NOW, pass_id: str = PASS, private: Ed25519PrivateKey = PRIVATE) -> str:
    """Show a pass as the chain's own page does."""
    text = wallet.to_sign(pass_id, at, KEY_ID)
    return with_signature(text, private.sign(text.encode()))


def shown(text: str) -> CodePass | SignedPass:
    """Read what a phone shows."""
    return wallet.passes(text, RecognitionRules())[0]


class Trusted:
    """Keys as a till holds them."""

    def __init__(self, *, held: bool = True) -> None:
        self.held = held

    def totp(self, pass_id: str) -> TotpKey | None:
        return KEY if self.held and pass_id == PASS else None

    def public(self, key: str, _pass_id: str | None) -> bytes | None:
        return PUBLIC if self.held and key == KEY_ID else None


class Shelf(msgspec.Struct):
    """What a place holds."""

    parties: Mapping[Identifier, Answer] = {}
    orders: frozenset[str] = frozenset()
    receipts: Mapping[str, SaleId] = {}

    def item(self, _key: ItemKey) -> Item | None:
        return None

    def party(self, identifier: Identifier) -> Answer:
        return self.parties.get(identifier, Unknown(("nobody has it",)))

    def order(self, order_no: str) -> str | None:
        return order_no if order_no in self.orders else None

    def receipt(self, receipt_no: str) -> SaleId | None:
        return self.receipts.get(receipt_no)
