"""HQ's root key as a check of signatures."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Verify


def verifier(root_key: bytes) -> Verify:
    """Check signatures by an Ed25519 public key (RFC 8032).

    Raises:
        CredentialFault: these bytes are no such key.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(root_key)
    except ValueError as error:
        raise CredentialFault(
            f"HQ's root key cannot be used: {error}",
            remedy="enrol this till again with a new code from till-central enrol-code",
        ) from error

    def verify(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify
