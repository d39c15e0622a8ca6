"""Who sent a request: the device key's signature over it (RFC 9421), the digest of its content.

The till's clock has no say (P11): `created` may be any time, and a replay is harmless because a
batch that is already held changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.algorithms import ED25519
from sqlalchemy import Engine, bindparam, select

from agent.core.exchange.coding import SIGNED_COMPONENTS
from agent.core.exchange.request_signatures import recognised
from agent.core.exchange.signed import unhex
from agent.core.faults import AccessFault
from central.ledger.direct import Prepared
from central.ledger.engine import looking_up
from central.ledger.hq import HQ_PLACE, Device, SignedMessage
from central.ledger.tables import CREDENTIALS

_ANY_SKEW = timedelta(days=365 * 1900)
"""As far as a year of four digits can be wrong."""
_BY_KEYID = Prepared(
    select(
        CREDENTIALS.c.keyid,
        CREDENTIALS.c.device_key,
        CREDENTIALS.c.store,
        CREDENTIALS.c.till,
        CREDENTIALS.c.revoked_at,
        CREDENTIALS.c.revoked_why,
    ).where(CREDENTIALS.c.keyid == bindparam("of_key"))
)
_REASONS = {
    "replaced": "was replaced by another one",
    "renewed": "has got a new key since, and this is its old one",
}
_ENROL_AGAIN = "enrol this till again with a new code: till-central enrol-code STORE TILL"


class NotIdentified(AccessFault):
    """A request whose sender is not known to HQ (RFC 9110, 15.5.2)."""

    name = "not-identified"
    status = 401
    title = "The sender is not known here"


class Revoked(AccessFault):
    """A device that HQ has revoked, or that was replaced by another one."""

    name = "revoked"
    title = "The device is no longer admitted"


class Signatures:
    """Establishes the sender of signed requests; a `ledger.hq.Authenticate`."""

    def __init__(self, engine: Engine) -> None:
        """Keep where the device keys are."""
        self._engine = engine

    def __call__(self, message: SignedMessage) -> Device:
        """Check a request.

        Raises:
            NotIdentified: unsigned, an unknown device, a wrong signature or a changed content.
            Revoked: genuine, but of a device that was replaced.
        """
        keys = _Keys(self._engine)
        if _is_plainly_genuine(message, keys):
            return keys.sender()
        try:
            _verifier(keys).verify(
                message, max_age=None, require_components=SIGNED_COMPONENTS, body=message.body
            )
        except HTTPMessageSignaturesException as error:
            raise keys.refusal(error) from error
        return keys.sender()


class _Known(NamedTuple):
    """A device as HQ knows it now."""

    keyid: str
    device_key: str
    store: str
    till: str
    revoked_at: str | None
    revoked_why: str | None


_UNFIT = "signature, content and key do not fit each other"
"""The library says nothing of a signature that is only false."""


class _Keys(HTTPSignatureKeyResolver):
    """Looks up the key of one request, and remembers whose it was."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked = ""
        self._row: _Known | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        """Give the device key named `key_id`, if there is one (called by the library)."""
        self._asked = key_id
        with looking_up(self._engine) as conn:
            row = _BY_KEYID.one_or_none(conn, {"of_key": key_id})
        self._row = None if row is None else _Known(*row)
        return None if self._row is None else _public_key(self._row.device_key)

    def refusal(self, error: Exception) -> NotIdentified:
        """Say why nobody was identified."""
        if self._asked and self._row is None:
            return NotIdentified(
                f"HQ does not know the device {self._asked[:40]!r}",
                remedy=_ENROL_AGAIN,
                name="unknown-device",
            )
        return NotIdentified(
            f"the request is not signed as it should be: {str(error) or _UNFIT}",
            remedy="check that no proxy changes path, query or content; compare the versions",
            name="bad-signature",
        )

    def sender(self) -> Device:
        """Give the device whose signature was found genuine."""
        row = self._row
        if row is None or row.revoked_at is not None:
            why = _REASONS.get(row.revoked_why or "", "") if row else ""
            raise Revoked(f"the device {self._asked} {why or _revoked(row)}", remedy=_ENROL_AGAIN)
        return Device(row.keyid, row.store, row.till)


def _revoked(row: _Known | None) -> str:
    return f"was revoked by HQ: {row.revoked_why}" if row and row.revoked_why else "was replaced"


def _is_plainly_genuine(message: SignedMessage, keys: _Keys) -> bool:
    """Check a request that is signed the way every agent does it; False says nothing of another.

    The library that reads any signature takes ten times as long: it looks at whatever is left.
    """
    target = message.url.removeprefix(HQ_PLACE)
    own = recognised(message.method, target, message.headers.items(), message.body)
    if own is None or (key := keys.resolve_public_key(own.keyid)) is None:
        return False
    try:
        key.verify(own.signature, own.message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=4096)
def _public_key(device_key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(unhex(device_key))


def _verifier(keys: _Keys) -> HTTPMessageVerifier:
    verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=keys)
    verifier.max_clock_skew = _ANY_SKEW
    verifier.require_created = False
    return verifier
