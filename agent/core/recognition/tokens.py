"""Tokens: by what the till finds a party, without holding the identifier itself.

For now a plain hash; the sealed replica puts a keyed, stretched one behind the same function.
"""

from __future__ import annotations

from hashlib import sha256

from agent.core.recognition.means import Identifier

TOKEN_BYTES = 16


def token(identifier: Identifier) -> str:
    r"""Compute the token of a normalised identifier.

    Returns:
        The first sixteen bytes of SHA-256 over `type`, a zero byte and `value`, as hexadecimal.

    >>> from agent.core.recognition.means import IdentifierType
    >>> token(Identifier(IdentifierType.EMAIL, "ada@example.com"))
    '1a37e5425546878289fe1f08fe7e8d12'
    """
    said = f"{identifier.type.value}\0{identifier.value}".encode()
    return sha256(said).digest()[:TOKEN_BYTES].hex()
