"""What a form of the console sends, and the answer to it. No script is needed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

from litestar import Response

from agent.core.faults import InputFault
from central.console.pages import SECURITY

DONE_CHARACTERS = 200


class Form:
    """The fields of a form that was sent."""

    def __init__(self, body: bytes) -> None:
        """Read it; only the first value of a field counts."""
        sent = parse_qs(body.decode("utf-8", "replace"))
        self._fields = {name: values[0].strip() for name, values in sent.items()}

    def __getitem__(self, name: str) -> str:
        """Give a field; empty if it was not sent."""
        return self._fields.get(name, "")

    def require_sure(self) -> None:
        """Refuse what was not confirmed.

        Raises:
            InputFault: the box beside the button was not ticked.
        """
        if self["sure"] != "yes":
            raise InputFault(
                "the decision was not confirmed",
                remedy="go back, and tick the box beside the button",
            )

    def require(self, name: str, what: str) -> str:
        """Give a field that has to be filled in.

        Raises:
            InputFault: it is empty.
        """
        if not self[name]:
            raise InputFault(f"{what} is missing", remedy=f"go back, and fill in {what}")
        return self[name]


def back_to(path: str, done: str) -> Response[str]:
    """Send the browser back to a page, which says what was done."""
    location = f"{path}?{urlencode({'done': done[:DONE_CHARACTERS]})}"
    return see_other(location)


def see_other(location: str) -> Response[str]:
    """Send the browser to another address."""
    return Response("", status_code=303, headers=SECURITY | {"Location": location})
