"""Accounts in web stores: an opaque id, compared as it stands."""

from __future__ import annotations

from agent.core.faults import InputFault

ACCOUNT_CHARACTERS_MAX = 128


def normalise(text: str, _region: str) -> str:
    """Bring an account id into the form both sides compare: no blanks around it.

    Raises:
        InputFault: nothing is left, or far too much.
    """
    value = text.strip()
    if not 0 < len(value) <= ACCOUNT_CHARACTERS_MAX:
        raise InputFault(
            f"{text[:ACCOUNT_CHARACTERS_MAX]!r} is not an account of a web store",
            remedy=f"give its id of 1 to {ACCOUNT_CHARACTERS_MAX} characters",
        )
    return value
