"""Giving devices the keys of their replicas: those that HQ admits, for their own scopes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlalchemy import Engine, select

from agent.core.exchange.granting import SignedKeys, make_keys
from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.signed import Sign, unhex
from agent.core.privacy.envelopes import suite
from central.ledger.engine import reading
from central.ledger.key_tables import recent
from central.ledger.tables import CREDENTIALS


class Grants:
    """Makes the answers to tills that ask for their keys."""

    def __init__(self, engine: Engine, master: Master, sign: Sign, now: Callable[[], str]) -> None:
        """Prepare.

        Args:
            engine: the ledger.
            master: what keys are made of.
            sign: by HQ's root key.
            now: HQ's clock, for show.
        """
        self._engine, self._master, self._sign, self._now = engine, master, sign, now

    def __call__(self, keyid: str, scopes: Sequence[str]) -> SignedKeys:
        """Give a device the keys of scopes that are its own to read.

        Args:
            keyid: of a device that has signed its request.
            scopes: of its feed.
        """
        query = select(CREDENTIALS.c.device_key).where(CREDENTIALS.c.keyid == keyid)
        with reading(self._engine) as conn:
            device_key = unhex(conn.execute(query).scalar_one())
            numbers = [(scope, number) for scope in scopes for number in recent(conn, scope)]
        keys = [self._master.key(scope, number) for scope, number in numbers]
        own = X25519PrivateKey.from_private_bytes(self._master.enrolment)
        public = own.public_key().public_bytes_raw()
        return make_keys(self._sign, seal, device_key, keys, public, self._now())


def seal(receiver: bytes, text: bytes, purpose: bytes) -> bytes:
    """Seal to a public key (RFC 9180); the library draws the envelope's own key."""
    return suite().encrypt(text, X25519PublicKey.from_public_bytes(receiver), info=purpose)
