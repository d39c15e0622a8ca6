"""Text no database keeps: U+0000, which PostgreSQL refuses (8.3) and SQLite cuts a text at.

It is looked for where it comes in, so that both databases answer alike.
"""

from __future__ import annotations

import re

from agent.core.faults import InputFault

_ESCAPED = b"\\u0000"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escape (RFC 8259, 7.), and not an escaped backslash that is followed by such letters."""


class UnfitText(InputFault):
    """A text with a NUL in it."""

    name = "nul-in-text"
    title = "A text in it cannot be kept"


class TooLong(InputFault):
    """A text longer than what the database can look up by."""

    name = "value-too-long"
    title = "A text in it is too long"


def holds_nul(json: bytes) -> bool:
    r"""Tell whether a text in a JSON document holds a NUL, which can only be written as an escape.

    >>> holds_nul(rb'"a\u0000b"'), holds_nul(rb'"a\\u0000b"'), holds_nul(rb'"a\\\u0000b"')
    (True, False, True)
    """
    return _ESCAPED in json and _NUL.search(json) is not None


def without_nul(text: str) -> str:
    """Show a text by what of it can be kept."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
