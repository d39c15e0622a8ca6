"""Before any route: a request with a NUL in it is refused, whichever database HQ runs on.

Events of a channel are judged one by one where they are taken in, and what tills send is kept byte
for byte: both pass.
"""

from __future__ import annotations

import re
from typing import Any

from litestar import Request

from central.ledger.texts import UnfitText, holds_nul

JUDGED_LATER = re.compile(r"/+v1/+(?:channels|journals)/")
_FORM = "application/x-www-form-urlencoded"


async def refuse_nul(request: Request[Any, Any, Any]) -> None:
    """Look at the address, the query and, where there is one, a JSON document or a form.

    Raises:
        UnfitText: there is a NUL in it.
    """
    found = "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]
    if not found and request.method in {"POST", "PUT", "PATCH"}:
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
