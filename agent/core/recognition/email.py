"""E-mail addresses, compared without regard to case."""

from __future__ import annotations

from agent.core.faults import InputFault
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.rules import RecognitionRules

EMAIL_CHARACTERS_MAX = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""


def normalise(text: str, _region: str) -> str:
    """Bring an e-mail address into the form both sides compare: both parts casefolded.

    RFC 5321 lets the part before the @ depend on case, but no provider a customer has does, and
    people type it as they like. Whether mail arrives is not asked: the till may be offline.

    Raises:
        InputFault: not an e-mail address.

    >>> normalise(" Ada.Byron@Example.COM", "DE")
    'ada.byron@example.com'
    """
    # Imported here because it takes 80 ms to load, and most sales need no e-mail address.
    from email_validator import EmailNotValidError, validate_email

    try:
        parts = validate_email(text.strip()[: EMAIL_CHARACTERS_MAX + 1], check_deliverability=False)
    except EmailNotValidError as error:
        raise InputFault(
            f"this is not an e-mail address: {error}",
            remedy="ask the customer to spell it; it has the form name@example.com",
        ) from error
    return parts.normalized.casefold()


def identifiers(text: str, rules: RecognitionRules) -> tuple[Identifier, ...]:
    """Read a text as an e-mail address, where there is an @ in it."""
    if "@" not in text:
        return ()
    try:
        return (Identifier(IdentifierType.EMAIL, normalise(text, rules.region)),)
    except InputFault:
        return ()
