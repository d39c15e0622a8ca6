"""Payment account references: weak evidence of a person, and never a card number (PAN).

A PAR (EMVCo) is 29 capitals and digits, the same for a plastic card, its renewals and its wallet
tokens. Where an acquirer gives an alias of its own instead, it is written `acquirer:alias`. Both
forms are shaped so that no PAN fits: those are digits alone, nineteen at most (ISO/IEC 7812-1).
That no PAN hides inside an alias is seen to where it comes in, as with any text (`core.privacy`).
"""

from __future__ import annotations

import re

from agent.core.faults import InputFault

_BETWEEN = re.compile(r"[\s-]+")
_PAR = re.compile(r"[0-9A-Z]{29}", re.ASCII)
_ALIAS = re.compile(r"(?=[^:]*:.*[A-Za-z])[a-z0-9-]{2,32}:[\w.+/=-]{8,64}", re.ASCII)


def normalise(text: str, _region: str) -> str:
    """Bring a payment account reference into the form both sides compare.

    Raises:
        InputFault: neither a PAR nor an acquirer's alias. The text is not repeated: whoever makes
            this mistake may have sent a card number.

    >>> normalise("5001 abcdefghijklmnopqrstuvwxy", "DE")
    '5001ABCDEFGHIJKLMNOPQRSTUVWXY'
    >>> normalise("Acme-Pay:tok_9f8e7d6c", "DE")
    'acme-pay:tok_9f8e7d6c'
    """
    acquirer, colon, alias = text.strip().partition(":")
    value = acquirer.lower() + colon + alias if colon else _BETWEEN.sub("", text).upper()
    if (_ALIAS if colon else _PAR).fullmatch(value) is None:
        raise InputFault(
            "this is not a payment account reference",
            remedy="send the 29 characters of the terminal's PAR, or the acquirer's alias as "
            "`acquirer:alias`; never a card number",
        )
    return value
