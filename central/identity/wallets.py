"""Passes in customers' phones: made here or at a till, and published on the card (P9).

A pass is one more identifier of its customer, with a secret beside it that proves the phone. Only
sealed cards carry the secret, to tills that have the scope's key; no view at HQ shows it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, delete, insert, select

from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.history import Pass
from agent.core.identifiers import PartyId
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.signed_text import key_id
from central.identity.graph import resettle
from central.identity.holding import hold
from central.identity.parties import Origin, canonical, members_of
from central.ledger.bulk import among
from central.ledger.customer_tables import IDENTIFIERS
from central.ledger.outbox import GLOBAL, publish
from central.ledger.upserts import upsert
from central.ledger.wallet_tables import SIGNING_KEYS, WALLET_PASSES

RULE = "rule:signing_keys"
"""Key of the feed item that names the keys tills trust: JSON, by what they may sign."""
SECRET_BYTES = 20
"""160 bits, as RFC 4226, section 4 (R6), recommends."""
PUBLIC_BYTES = 32
_KEEP = upsert(WALLET_PASSES).on_conflict_do_nothing()
_encode = msgspec.json.Encoder(order="deterministic").encode


class SigningKey(msgspec.Struct, frozen=True):
    """A key of the chain's own."""

    public: str
    """Ed25519 (RFC 8032), 64 hexadecimal digits."""
    name: str
    """Whose it is: `app`, `account-page` …"""


def keep_pass(conn: Connection, party_id: PartyId, made: Pass, origin: Origin) -> None:
    """Keep a pass under the id it was made for; told again, nothing changes."""
    row = {
        "party_id": party_id,
        "pass_id": made.pass_id,
        "secret": made.secret,
        "key": made.key,
        "source": origin.source,
        "at": origin.at,
    }
    conn.execute(_KEEP, row)
    hold(conn, party_id, [Identifier(IdentifierType.WALLET, made.pass_id)], origin)


def end_pass(conn: Connection, any_id: str, pass_id: str) -> PartyId:
    """End a pass whose phone was lost: it is nobody's from now on.

    Returns:
        The canonical id of the person, as they are without it.

    Raises:
        NotFoundFault: no such party, or `no-such-pass`.
    """
    chosen = canonical(conn, any_id)
    members = members_of(conn, chosen)
    held, named = WALLET_PASSES.c, IDENTIFIERS.c
    theirs = among(conn, held.party_id, members)
    gone = conn.execute(delete(WALLET_PASSES).where(theirs, held.pass_id == pass_id))
    if not gone.rowcount:
        raise NotFoundFault(
            "this person has no such wallet pass",
            remedy="GET /v1/parties/{any_id}/wallet-passes lists theirs",
            name="no-such-pass",
        )
    mine = among(conn, named.party_id, members)
    is_pass = (named.type == IdentifierType.WALLET.value) & (named.value == pass_id)
    conn.execute(delete(IDENTIFIERS).where(mine, is_pass))
    # Whom the pass alone had made one are two again.
    resettle(conn, members)
    return canonical(conn, any_id)


def trust(conn: Connection, keys: Sequence[SigningKey], now: str) -> None:
    """Replace the chain's own signing keys, and tell every till.

    Raises:
        InputFault: `bad-signing-key`; nothing was changed.
    """
    rows = {
        key_id(_public(each)): {
            "key_id": key_id(_public(each)),
            "public": each.public.lower(),
            "name": each.name,
            "at": now,
        }
        for each in keys
    }
    conn.execute(delete(SIGNING_KEYS))
    if rows:
        conn.execute(insert(SIGNING_KEYS), list(rows.values()))
    body = {"wallet": [row["public"] for row in rows.values()]}
    publish(conn, GLOBAL, RULE, "put", _encode(body))


def trusted(conn: Connection) -> tuple[SigningKey, ...]:
    """List the chain's own signing keys."""
    rows = conn.execute(select(SIGNING_KEYS).order_by(SIGNING_KEYS.c.key_id))
    return tuple(SigningKey(row.public, row.name) for row in rows)


def phone_key(text: str) -> str:
    """Give the public key of a phone as it is kept; empty where there is none.

    Raises:
        InputFault: `bad-signing-key`.
    """
    return _public(SigningKey(text, "phone")).hex() if text else ""


def same_pass(conn: Connection, party_id: PartyId, pass_id: str) -> Pass | None:
    """Give a pass that was made under this id before.

    Raises:
        StateFault: `pass-taken`: it is somebody else's.
    """
    held = WALLET_PASSES.c
    row = conn.execute(select(WALLET_PASSES).where(held.pass_id == pass_id)).first()
    if row is None:
        return None
    if row.party_id != party_id:
        raise StateFault(
            "a pass of this id was made for somebody else",
            remedy="make another request_id for each new pass",
            name="pass-taken",
        )
    return Pass(row.pass_id, row.secret, row.key)


def pass_bytes(party_id: str, request_id: str) -> bytes:
    """Give what the id of a pass is made of: asked for twice, it is one pass."""
    return sha256(f"wallet pass\0{party_id}\0{request_id}".encode()).digest()


def _public(key: SigningKey) -> bytes:
    try:
        public = bytes.fromhex(key.public)
    except ValueError:
        public = b""
    if len(public) != PUBLIC_BYTES:
        raise InputFault(
            f"the key of {key.name[:40]!r} is no Ed25519 public key",
            remedy="send its 32 bytes as 64 hexadecimal digits",
            name="bad-signing-key",
        )
    return public
