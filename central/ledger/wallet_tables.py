"""The tables of wallet passes: by what a till checks them, and the chain's own signing keys."""

from __future__ import annotations

from sqlalchemy import Index, Table

from central.ledger.metadata import METADATA, required_text, text_key

WALLET_PASSES = Table(
    "wallet_pass",
    METADATA,
    text_key("party_id"),
    text_key("pass_id"),
    required_text("secret"),
    required_text("key"),
    required_text("source"),
    required_text("at"),
    Index(None, "pass_id"),
    comment="Passes in customers' phones, under the party as observed: the secret of their "
    "one-time codes (RFC 6238) and the phone's public key, in hexadecimal, empty where none is.",
)

SIGNING_KEYS = Table(
    "signing_key",
    METADATA,
    text_key("key_id"),
    required_text("public"),
    required_text("name"),
    required_text("at"),
    comment="Ed25519 public keys of the chain's own pages and apps, which show passes of anybody.",
)

WALLET_TABLES: tuple[Table, ...] = (WALLET_PASSES, SIGNING_KEYS)
"""In the order they are made; none refers to another by a constraint."""
