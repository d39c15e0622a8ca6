"""The addresses of wallet passes, and of the keys that may sign for them."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from sqlalchemy import Connection

from agent.core.history import Pass
from agent.core.identifiers import PartyId
from agent.core.recognition.signed_text import to_base32
from agent.core.recognition.wallet import code_pattern, new_pass_id
from central.identity.cards import publish_card
from central.identity.parties import Origin, canonical, members_of, observed
from central.identity.passes import passes_of_all
from central.identity.wallets import (
    SECRET_BYTES,
    SigningKey,
    end_pass,
    keep_pass,
    pass_bytes,
    phone_key,
    same_pass,
    trust,
    trusted,
)
from central.ledger.engine import reading, transact
from central.ledger.hq import hq_of

STAFF = "staff"
HQ = "hq"


class PassAsked(msgspec.Struct, frozen=True):
    """A pass is wanted for a customer's phone."""

    request_id: Annotated[str, msgspec.Meta(min_length=8, max_length=120)]
    """Made by whoever asks, and unguessable, for example a UUID: asked again, the same pass."""
    key: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """Ed25519 public key of the phone, hexadecimal, where it signs itself; then no secret is made.
    """


class PassMade(msgspec.Struct, frozen=True):
    """Everything that whoever puts the pass into the phone's wallet needs.

    It is shown again to whoever sends the same `request_id`, and to nobody else.
    """

    party_id: str
    pass_id: str
    pattern: str
    """What the wallet shows as QR code, with its placeholder for the one-time code."""
    secret: str
    """Of the one-time codes (RFC 6238: SHA-1, 8 digits, 30 seconds), base 32; empty of a phone
    that signs itself."""


class PassView(msgspec.Struct, frozen=True):
    """A pass, without what proves it."""

    pass_id: str
    shows_codes: bool
    signs: bool


class Passes(msgspec.Struct, frozen=True):
    """The passes of a person, over all their ids."""

    party_id: str
    passes: tuple[PassView, ...]


class PassEnded(msgspec.Struct, frozen=True):
    """A pass that opens nothing any more."""

    party_id: str
    pass_id: str


class SigningKeys(msgspec.Struct, frozen=True):
    """The chain's own keys, by which its pages and apps show passes of anybody."""

    keys: tuple[SigningKey, ...]


@post("/v1/parties/{any_id:str}/wallet-passes", status_code=201, sync_to_thread=True)
def post_pass(
    request: Request[Any, Any, Any], any_id: FromPath[str], data: JSONBody[PassAsked]
) -> PassMade:
    """Make a pass for a customer's phone; every till that holds their card checks it offline."""
    hq = hq_of(request)
    key = phone_key(data.key)
    secret = "" if key else secrets.token_hex(SECRET_BYTES)

    def make(conn: Connection) -> tuple[PartyId, Pass]:
        party_id = observed(conn, any_id)
        pass_id = new_pass_id(pass_bytes(party_id, data.request_id))
        made = same_pass(conn, party_id, pass_id)
        if made is None:
            made = Pass(pass_id, secret, key)
            keep_pass(conn, party_id, made, Origin(HQ, hq.now()))
            publish_card(conn, canonical(conn, party_id))
        return party_id, made

    party_id, made = transact(hq.engine, make)
    hq.access_log(STAFF, "wallet-pass", [party_id])
    return PassMade(
        party_id, made.pass_id, code_pattern(made.pass_id), to_base32(bytes.fromhex(made.secret))
    )


@get("/v1/parties/{any_id:str}/wallet-passes", sync_to_thread=True)
def get_passes(request: Request[Any, Any, Any], any_id: FromPath[str]) -> Passes:
    """List the passes of a person; what proves them is not shown."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        chosen = canonical(conn, any_id)
        held = passes_of_all(conn, members_of(conn, chosen))
    hq.access_log(STAFF, "wallet-passes", [chosen])
    return Passes(chosen, tuple(_view(each) for passes in held.values() for each in passes))


@delete(
    "/v1/parties/{any_id:str}/wallet-passes/{pass_id:str}", status_code=200, sync_to_thread=True
)
def delete_pass(
    request: Request[Any, Any, Any], any_id: FromPath[str], pass_id: FromPath[str]
) -> PassEnded:
    """End a pass whose phone was lost."""
    hq = hq_of(request)

    def end(conn: Connection) -> PartyId:
        chosen = end_pass(conn, any_id, pass_id)
        publish_card(conn, chosen)
        return chosen

    chosen = transact(hq.engine, end)
    hq.access_log(STAFF, "wallet-pass", [chosen])
    return PassEnded(chosen, pass_id)


@get("/v1/signing-keys", sync_to_thread=True)
def get_keys(request: Request[Any, Any, Any]) -> SigningKeys:
    """List the keys by which the chain's own pages and apps show passes."""
    with reading(hq_of(request).engine) as conn:
        return SigningKeys(trusted(conn))


@put("/v1/signing-keys", sync_to_thread=True)
def put_keys(request: Request[Any, Any, Any], data: JSONBody[SigningKeys]) -> SigningKeys:
    """Replace those keys; every till trusts the new ones as soon as it hears of them."""
    hq = hq_of(request)

    def replace(conn: Connection) -> SigningKeys:
        trust(conn, data.keys, hq.now())
        return SigningKeys(trusted(conn))

    return transact(hq.engine, replace)


def _view(held: Pass) -> PassView:
    return PassView(held.pass_id, bool(held.secret), bool(held.key))


WALLET_ROUTES: list[HTTPRouteHandler] = [post_pass, get_passes, delete_pass, get_keys, put_keys]
