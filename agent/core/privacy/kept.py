"""What a machine keeps for itself a while and nobody else may read: papers that wait for a printer.

Enciphered (AES-256-GCM) under a key of the machine's own, which lies outside the state directory.
Deleting is then not left to the disk: what a deleted row leaves in a log or a free page says
nothing. The nonce is made of what it encrypts, so that the same paper under one name is the same.
"""

from __future__ import annotations

import hmac

from agent.core.faults import Fault
from agent.core.privacy.keys import context, derived

_BEGINS = b"till-agent kept v1\0"
_NONCE_BYTES = 12


class KeptUnreadable(Fault):
    """Something that was kept does not open: the machine has another key by now."""

    name = "kept-unreadable"
    title = "What was kept cannot be read"


def conceal(secret: bytes, what: str, text: bytes) -> bytes:
    """Encipher something to be kept.

    Args:
        secret: the machine's, 32 bytes.
        what: names it; another one's cannot be put in its place.
        text: of it.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    told = context("kept", what)
    nonce = hmac.digest(derived(secret, told), text, "sha256")[:_NONCE_BYTES]
    return _BEGINS + nonce + AESGCM(derived(secret, context("keeping"))).encrypt(nonce, text, told)


def reveal(secret: bytes, what: str, kept: bytes) -> bytes:
    """Decipher what `conceal` gave; what an earlier version has kept in the clear is as it is.

    Raises:
        KeptUnreadable: it is of another machine, another name, or damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not kept.startswith(_BEGINS):
        return kept
    sealed = kept.removeprefix(_BEGINS)
    cipher = AESGCM(derived(secret, context("keeping")))
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context("kept", what))
    except (InvalidTag, ValueError) as problem:
        raise KeptUnreadable(
            f"what was kept of {what} does not open: this machine's key is another one by now",
            remedy="send it again from where it came from",
        ) from problem
