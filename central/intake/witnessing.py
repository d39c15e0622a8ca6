"""What HQ's staff wrote down of customers, as evidence that stores hold: it survives a rewound HQ.

An answer that a customer gives to service on the phone is born at HQ, and a backup older than it
does not have it. It goes out as merges do (`central.identity.graph_orders`): as a signed order to a
few stores, whose tills bear witness of it. What it says is closed with a key only HQ has.
"""

from __future__ import annotations

import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from agent.core.consent import ConsentRecord
from agent.core.exchange.faults import CredentialFault
from agent.core.identifiers import PartyId
from central.identity.witnessed import CONSENT, WITNESSED, take_up_consent
from central.intake.root_key import RootKey

_NONCE_BYTES = 12
"""NIST SP 800-38D, 5.2.1.1."""
_KEY_BYTES = 16
_encode = msgspec.json.Encoder(order="deterministic").encode


class Closed(msgspec.Struct, frozen=True):
    """Body of an `identity` order that tells nobody but HQ what it says."""

    fact_id: str
    kind: int
    """Of the entry by which a till says the same: by that its class of data is known."""
    party_ids: tuple[PartyId, ...]
    """Whose it is: by that an erasure finds it."""
    sealed: str
    """AES-128-GCM of the fact's JSON, hexadecimal; the nonce goes first."""


def closed(root: RootKey, fact_id: str, record: ConsentRecord) -> Closed:
    """Close an answer for HQ.

    Args:
        root: HQ's key.
        fact_id: the same wherever the fact is told.
        record: as it was given.
    """
    nonce = os.urandom(_NONCE_BYTES)
    text = AESGCM(_key(root)).encrypt(nonce, _encode(record), fact_id.encode())
    return Closed(fact_id, CONSENT, (record.party_id,), (nonce + text).hex())


def take_up_closed(conn: Connection, root: RootKey, body: Closed, now: str) -> None:
    """Have what is closed hold here; what is known already stays as it is.

    Args:
        conn: of a writing transaction.
        root: HQ's key.
        body: of an order that HQ has signed.
        now: HQ's time.

    Raises:
        CredentialFault: it cannot be opened, or is of a kind this HQ does not know.
    """
    if body.kind not in WITNESSED:
        raise _unread(body, "it is of a later version")
    try:
        sealed = bytes.fromhex(body.sealed)
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        said = AESGCM(_key(root)).decrypt(nonce, text, body.fact_id.encode())
        record = msgspec.json.decode(said, type=ConsentRecord)
    except (ValueError, InvalidTag, msgspec.MsgspecError) as error:
        raise _unread(body, type(error).__name__) from error
    take_up_consent(conn, record, now)


def _key(root: RootKey) -> bytes:
    return root.derive("witnessed facts")[:_KEY_BYTES]


def _unread(body: Closed, why: str) -> CredentialFault:
    return CredentialFault(
        f"what was written down as {body.fact_id[:60]!r} cannot be taken up again: {why}",
        remedy="update till-central, then have the entry tried again: till-central quarantine",
        name="witnessed-unread",
    )
