"""What the rights of persons need of HQ's root key: orders, tokens and signatures."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from functools import cached_property

from sqlalchemy import Connection

from agent.core.consent.erasure import ErasePerson
from agent.core.exchange.orders import ERASE
from agent.core.exchange.signed import statement
from central.intake.orders import issue
from central.intake.root_key import RootKey
from central.intake.stretches import forget_stretches_of

_PROOF = b"till-agent erasure proof v1"
_SUPPRESSION = b"till-agent suppression key v1"


class RootAuthority:
    """A `central.privacy.erasing.Authority` by the root key, which no backup holds."""

    def __init__(self, root: RootKey, now: Callable[[], str], note: str = "") -> None:
        """Keep the key, HQ's clock, and what is noted of each order for HQ's own books."""
        self._root = root
        self._now = now
        self._note = note

    def order(self, conn: Connection, scope: str, body: ErasePerson, reason: str) -> str:
        """Sign an order to erase, carry it out here, publish it; gives its id."""
        why = f"{reason}: {self._note}" if self._note else reason
        return issue(
            conn, self._root, kind=ERASE, scope=scope, body=body, reason=why, now=self._now()
        ).order_id

    def forget_stretches(self, conn: Connection, party_ids: Sequence[str]) -> None:
        """Take out what was stretched for tills of what persons are known by."""
        forget_stretches_of(conn, self._root, party_ids)

    def token(self, contact: str, value: str) -> str:
        """Give the keyed token of a contact point: Ed25519 signs the same text the same way."""
        return hmac.new(self._key, f"{contact}\0{value}".encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _key(self) -> bytes:
        return hashlib.sha256(self._root.sign(_SUPPRESSION)).digest()

    def sign(self, content: bytes) -> bytes:
        """Sign a proof."""
        return self._root.sign(statement(_PROOF, content))
