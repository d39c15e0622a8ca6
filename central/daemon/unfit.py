"""Before any route: what must not be kept is refused, whichever database HQ runs on.

That is a NUL in any text, and a payment card's number in what staff write. Events of a channel are
judged one by one where they are taken in, and what tills send is kept byte for byte: both pass.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import msgspec
from litestar import Request

from agent.core.card_numbers import TYPED, given, mask_document
from central.ledger.texts import UnfitText, holds_nul

JUDGED_LATER = re.compile(r"/+v1/+(?:channels|journals)/")
MACHINES = re.compile(r"/+v1/+(?:enrol|keys)\b")
"""What devices ask with holds keys and signatures, and nothing a person wrote."""
ASKED = re.compile(r"/+v1/+(?:parties/+search|consent/+check|merges/+preview|gift-cards/+balance)$")
"""Nothing of these is kept: whoever is asked about may have a card with any number."""
NAMED = re.compile(r"/+v1/+identifiers/+(?:un)?block$")
"""Of these `value` is an identifier of the type that is named, and may have any digits."""
_WRITING = frozenset({"POST", "PUT", "PATCH"})
_FORM = "application/x-www-form-urlencoded"


async def refuse_unfit(request: Request[Any, Any, Any]) -> None:
    """Look at a request before its route does.

    Raises:
        UnfitText: there is a NUL in it.
        CardNumberGiven: somebody has written a card number where it would be kept.
    """
    await refuse_nul(request)
    path = request.scope["path"]
    passes = any(each.match(path) for each in (ASKED, MACHINES, JUDGED_LATER))
    if request.method in _WRITING and not passes:
        media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if "json" in media:
            typed = TYPED | {"value"} if NAMED.match(path) else TYPED
            _refuse_card_numbers(await request.body(), typed)


def _refuse_card_numbers(body: bytes, typed: frozenset[str]) -> None:
    with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        for found in mask_document(msgspec.json.decode(body), typed).findings:
            raise given(found.path, found)


async def refuse_nul(request: Request[Any, Any, Any]) -> None:
    """Look at the address, the query and, where there is one, a JSON document or a form.

    Raises:
        UnfitText: there is a NUL in it.
    """
    found = "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]
    if not found and request.method in _WRITING:
        found = await _in_body(request)
    if found:
        raise UnfitText(
            "a text in this request holds a NUL (U+0000)",
            remedy="take it out; it stands for nothing a person wrote",
        )


async def _in_body(request: Request[Any, Any, Any]) -> bool:
    media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_form = media == _FORM
    if JUDGED_LATER.match(request.scope["path"]) or not (is_form or "json" in media or not media):
        return False
    body = await request.body()  # Kept for the route; too large, it is refused here as there.
    return b"%00" in body if is_form else holds_nul(body)
