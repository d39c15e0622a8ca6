"""Opening cards as they were sealed before: people enrolled at a till that HQ has not told of yet.

Their content key is wrapped (AES key wrap, RFC 3394) in 24 bytes, and their layers are AES-256-GCM
(NIST SP 800-38D) behind a nonce made of what it encrypts. Nothing is sealed so any more; HQ's own
cards come anew.
"""

from __future__ import annotations

from agent.core.privacy.keys import ScopeKeys, context, derived

KEY_BYTES = 24
"""Of a slot: by its length the two ways are told apart."""
_NONCE_BYTES = 12


def open_text(
    keys: ScopeKeys, bound: tuple[str | int, ...], stretched: bytes, key: bytes, sealed: bytes
) -> bytes:
    """Open one layer of a card; it is padded.

    Args:
        keys: of the scope.
        bound: scope, generation, party, version and layer.
        stretched: of the identifier.
        key: of its slot.
        sealed: the layer.

    Raises:
        InvalidUnwrap, InvalidTag, ValueError: of `cryptography`; it does not open.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

    secret = aes_key_unwrap(derived(keys.slot, context("slot", *bound), stretched), key)
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return AESGCM(derived(secret, context("layer"))).decrypt(nonce, text, context("card", *bound))
