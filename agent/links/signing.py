"""Every request to HQ is signed by the device key (RFC 9421), its content named by a digest.

The signature survives proxies that end TLS. `created` is in it and is never enforced: a till's
clock decides nothing (P11), and a replayed batch is harmless by construction.
"""

from __future__ import annotations

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519

from agent.core.exchange.coding import (
    SIGNATURE_LABEL,
    SIGNED_COMPONENTS,
    SYNC_HEADER,
    content_digest,
)
from agent.core.exchange.wire import SYNC_VERSION


class DeviceSigner:
    """Signs requests as one device."""

    def __init__(self, private_key: Ed25519PrivateKey, keyid: str) -> None:
        """Keep the device key; `keyid` is `core.exchange.credentials.key_id` of its public half."""
        self._keyid = keyid
        self._signer = HTTPMessageSigner(
            signature_algorithm=ED25519, key_resolver=_OneKey(private_key)
        )

    def sign(self, request: httpx.Request, content: bytes, version: int = SYNC_VERSION) -> None:
        """Put version, digest and signature into the request's headers; it is complete then."""
        request.headers[SYNC_HEADER] = str(version)
        request.headers["Content-Digest"] = content_digest(content)
        self._signer.sign(
            request,
            key_id=self._keyid,
            label=SIGNATURE_LABEL,
            covered_component_ids=SIGNED_COMPONENTS,
            use_existing_digest=True,
        )


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        del key_id
        return self._key
