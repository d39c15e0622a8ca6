"""Passes in a phone's wallet: what their QR code holds, with a proof that it is no old picture.

Two forms, both of capitals, digits and dots:

- `TW1.PASS.CODE`: a one-time code (TOTP, RFC 6238) that the wallet itself renews every period.
  `code_pattern` is the pattern for it, with the placeholder that Google's wallet fills.
- `SW1.PASS.SECONDS.KEY.SIGNATURE`: a time, signed with Ed25519 (RFC 8032) by the chain's own pages
  and app, or by a key that the pass holder's phone keeps.

A pass has an id of its own, with 80 random bits, and never the number of the loyalty card: that
number opens the card wherever it is shown, and a pass beside it would prove nothing.
"""

from __future__ import annotations

import re

from agent.core.faults import InputFault
from agent.core.recognition import signed_text
from agent.core.recognition.means import CodePass, SignedPass, WalletPass
from agent.core.recognition.rules import RecognitionRules

CODE_KIND = "TW1"
SIGNED_KIND = "SW1"
PASS_BYTES = 10

_PASS = re.compile(r"[0-9A-Z]{10,32}", re.ASCII)
_CODE = re.compile(rf"{CODE_KIND}\.(?P<pass>[0-9A-Z]{{10,32}})\.(?P<code>[0-9]{{6,8}})", re.ASCII)
# Unix seconds: ten digits from 2001 to 2286.
_SECONDS = re.compile(r"[0-9]{10}", re.ASCII)


def new_pass_id(random: bytes) -> str:
    """Make the id of a pass of random bytes: sixteen characters of base 32.

    Nobody types it, so it may be long enough that not even its hash can be searched for.

    Args:
        random: at least ten bytes of a cryptographic generator; 80 bits of them are used.

    Raises:
        ValueError: fewer than ten bytes.

    >>> new_pass_id(bytes(range(10)))
    'AAAQEAYEAUDAOCAJ'
    """
    if len(random) < PASS_BYTES:
        raise ValueError(f"{len(random)} random bytes do not make a pass id of 80 bits")
    return signed_text.to_base32(random[:PASS_BYTES])


def normalise(text: str, _region: str) -> str:
    """Bring the id of a pass into the form both sides compare: capitals, no blanks around it.

    Raises:
        InputFault: not the id of a pass.
    """
    value = text.strip().upper()
    if _PASS.fullmatch(value) is None:
        raise InputFault(
            "this is not the id of a wallet pass",
            remedy="scan the code that the customer's phone shows",
        )
    return value


def code_pattern(pass_id: str) -> str:
    """Write what a wallet shows that makes one-time codes itself.

    >>> code_pattern("AAAQEAYEAUDAOCAJ")
    'TW1.AAAQEAYEAUDAOCAJ.{totp_value_0}'
    """
    return f"{CODE_KIND}.{pass_id}.{{totp_value_0}}"


def to_sign(pass_id: str, at: int, key_id: str) -> str:
    """Write what is signed to show a pass at a time; `signed_text.with_signature` completes it.

    Args:
        pass_id: of the pass.
        at: Unix seconds of now, by the signer's clock.
        key_id: `signed_text.key_id` of the signer's public key.
    """
    return signed_text.to_sign(SIGNED_KIND, (pass_id, str(at)), key_id)


def passes(text: str, _rules: RecognitionRules) -> tuple[WalletPass, ...]:
    """Read a text as the code of a wallet pass, without checking its proof.

    >>> passes("TW1.AAAQEAYEAUDAOCAJ.94287082", RecognitionRules())
    (CodePass(pass_id='AAAQEAYEAUDAOCAJ', code='94287082'),)
    """
    shown = _CODE.fullmatch(text.strip().upper())
    if shown is not None:
        return (CodePass(shown["pass"], shown["code"]),)
    parts = signed_text.read(text, SIGNED_KIND)
    if parts is None:
        return ()
    fields, signed = parts
    if len(fields) != 2 or not _PASS.fullmatch(fields[0]) or not _SECONDS.fullmatch(fields[1]):
        return ()
    return (SignedPass(fields[0], int(fields[1]), signed),)
