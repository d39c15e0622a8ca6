"""HQ's orders to tills: statements signed by its root key, carried out and kept as evidence.

An order (erase these bodies, this device is revoked, this lease is yours) travels down a feed scope
and comes back inside an `order.received` entry of `side`. An HQ restored from a backup older than
the order recognises its own signature under it, and takes it up again (P5).
"""

from __future__ import annotations

import msgspec

from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Sign, Verify, statement, unhex

FEED_KEY = "signed-order:"
"""What the key of an order's feed item begins with; its id follows."""
ERASE = "erase"
"""Body: `EraseBody`."""
REVOKE = "revoke"
"""Body: `RevokeBody`."""
LEASE = "lease"
"""Body: `core.loyalty.Lease`; the order's id is the lease's. Only the till whose journal it names
takes it up: nobody else may spend it, and so nobody else has to tell of it."""
RECALL = "recall"
"""Body: `core.loyalty.Recall`."""
IDENTITY = "identity"
"""Body: what people decided about who is who; a till only bears witness of it."""
_DOMAIN = b"till-agent order v1"


class Order(msgspec.Struct, frozen=True):
    """One order, as it is signed."""

    order_id: str
    """UUIDv7."""
    kind: str
    scope: str
    """The feed scope it was published in: `global`, `store:ID`."""
    epoch: str
    issued_at: str
    """HQ's clock, for show."""
    body: msgspec.Raw


class EraseBody(msgspec.Struct, frozen=True):
    """Which bodies must go, at HQ and on every till."""

    entries: tuple[tuple[str, int, str], ...]
    """(journal id, seq, commitment in hexadecimal), of the journal the entry was first written in.

    A copied disk may have written another entry under that number: the commitment says which one
    is meant, wherever it stands or was carried to.
    """


class RevokeBody(msgspec.Struct, frozen=True):
    """Which device is let in no longer."""

    device_key: str
    """Ed25519 public key, hexadecimal."""
    reason: str = ""


class SignedOrder(msgspec.Struct, frozen=True):
    """An order as it travels: body of a feed item, and what is kept of it."""

    order: str
    """Canonical JSON of `Order`: what is signed, byte for byte."""
    signature: str
    """Hexadecimal."""


def order_bytes(text: str) -> bytes:
    """Write what HQ signs of an order."""
    return statement(_DOMAIN, text.encode())


def make_order(sign: Sign, order: Order) -> SignedOrder:
    """Sign an order."""
    text = msgspec.json.encode(order, order="deterministic").decode()
    return SignedOrder(text, sign(order_bytes(text)).hex())


def read_order(signed: SignedOrder, verify: Verify) -> Order:
    """Read an order that HQ's root key has signed.

    Raises:
        CredentialFault: the signature is not HQ's, or the text is no order.
    """
    if not verify(unhex(signed.signature), order_bytes(signed.order)):
        raise _no_order("it does not carry the signature of HQ's root key")
    try:
        return msgspec.json.decode(signed.order, type=Order)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _no_order(f"it cannot be read: {error}") from error


def _no_order(reason: str) -> CredentialFault:
    return CredentialFault(
        f"an order was not carried out: {reason}",
        remedy="compare the versions of HQ and agent; if they are equal, find out who sent it",
        name="order-not-genuine",
    )
