"""The one root of every error a person may meet: a name, a reason and a remedy (P12).

A fault is divided by what its reader must do, so each room subclasses `Fault` once per kind of
reader and never per message. The API turns a fault into `application/problem+json` (RFC 9457),
the command line into three lines on stderr.
"""

from __future__ import annotations


class Fault(Exception):
    """Something a person can act on.

    Attributes:
        name: stable kebab-case word, the last segment of the problem `type` (RFC 9457, 3.1.1).
        detail: what happened and why, in one sentence, with the value that caused it.
        remedy: what to do about it, addressed to the person who can do it.
    """

    name = "fault"
    status = 500
    title = "Something went wrong"

    def __init__(self, detail: str, *, remedy: str, name: str | None = None) -> None:
        """Keep the detail and the remedy; `name` narrows the class's own name."""
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        if name is not None:
            self.name = name

    def __str__(self) -> str:
        """Read as one line for a log: detail, then remedy."""
        return f"{self.detail} ({self.remedy})"


class InputFault(Fault):
    """The caller sent something that cannot be meant; nothing was changed."""

    name = "bad-input"
    status = 400
    title = "The input cannot be used"


class NotFoundFault(Fault):
    """What was asked for is not held here."""

    name = "not-found"
    status = 404
    title = "Not held here"


class StateFault(Fault):
    """The request is well formed, but not allowed in the present state; nothing was changed."""

    name = "wrong-state"
    status = 409
    title = "Not possible now"


class AccessFault(Fault):
    """The caller is not who may do this."""

    name = "not-allowed"
    status = 403
    title = "Not allowed"


class UnavailableFault(Fault):
    """Something this depends on is away; the same request may succeed later."""

    name = "unavailable"
    status = 503
    title = "Not available at the moment"
