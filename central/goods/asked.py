"""What callers of several addresses of this room give."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

Wanted = Annotated[str | None, QueryParameter(max_length=120)]
Event = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=120, description="Made by the caller; sent again, it counts once."
    ),
]
