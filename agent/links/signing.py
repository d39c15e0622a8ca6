"""Every request to HQ is signed by the device key (RFC 9421), its content named by a digest.

The signature survives proxies that end TLS. `created` is in it and is never enforced: a till's
clock decides nothing (P11), and a replayed batch is harmless by construction.
"""

from __future__ import annotations

import time

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
from agent.core.exchange.request_signatures import (
    is_plain,
    signature_base,
    signature_fields,
    signature_params,
)
from agent.core.exchange.wire import SYNC_VERSION


class DeviceSigner:
    """Signs requests as one device."""

    def __init__(self, private_key: Ed25519PrivateKey, keyid: str) -> None:
        """Keep the device key; `keyid` is `core.exchange.credentials.key_id` of its public half."""
        self._keyid, self._key = keyid, private_key
        self._signer = HTTPMessageSigner(
            signature_algorithm=ED25519, key_resolver=_OneKey(private_key)
        )

    def sign(self, request: httpx.Request, content: bytes, version: int = SYNC_VERSION) -> None:
        """Put version, digest and signature into the request's headers; it is complete then."""
        request.headers[SYNC_HEADER] = str(version)
        request.headers["Content-Digest"] = content_digest(content)
        target = request.url.raw_path.decode("latin-1")
        if is_plain(target):
            self._sign_plain(request, target)
        else:
            self._sign_any(request)

    def _sign_plain(self, request: httpx.Request, target: str) -> None:
        """Sign in the one form that is as short to write as to check; see `request_signatures`."""
        digest, version = request.headers["Content-Digest"], request.headers[SYNC_HEADER]
        params = signature_params(self._keyid, int(time.time()))
        base = signature_base(request.method, target, digest, version, params)
        request.headers.update(signature_fields(params, self._key.sign(base)))

    def _sign_any(self, request: httpx.Request) -> None:
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
