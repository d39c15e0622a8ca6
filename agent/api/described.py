"""What is said of parameters and answers in the OpenAPI document, once for all endpoints."""

from __future__ import annotations

from typing import Annotated

from litestar.openapi import ResponseSpec
from litestar.params import PathParameter

from agent.api.problems import MEDIA_TYPE, Problem
from agent.till.requests import UUID_PATTERN

TillPath = Annotated[str, PathParameter(description="A till's id, as in `[[till]] id`.")]
SaleIdPath = Annotated[str, PathParameter(description="The sale's UUID.", pattern=UUID_PATTERN)]
PartyPath = Annotated[str, PathParameter(description="The party's UUID.", pattern=UUID_PATTERN)]
LinePath = Annotated[
    int, PathParameter(description="The line's number in the sale.", ge=1, le=100_000)
]
TenderPath = Annotated[int, PathParameter(description="The tender's number.", ge=1, le=100_000)]
PromptPath = Annotated[
    str, PathParameter(description="The question's id, as on the card.", max_length=64)
]
PrintPath = Annotated[str, PathParameter(description="The print job's UUID.", pattern=UUID_PATTERN)]


def _problem(description: str) -> ResponseSpec:
    return ResponseSpec(
        Problem, generate_examples=False, description=description, media_type=MEDIA_TYPE
    )


ANSWERS: dict[int, ResponseSpec] = {
    400: _problem("The input cannot be used; nothing was changed."),
    401: _problem("No token, or none that is known."),
    403: _problem("Not with this token, Host or Origin."),
    404: _problem("Not held here."),
    408: _problem("The body did not arrive in time."),
    409: _problem("Not possible in the present state; nothing was changed."),
    413: _problem("The body is larger than 1 MiB."),
    415: _problem("The body is not JSON."),
    429: _problem("Too many changes a second with this token; Retry-After says how long to wait."),
    500: _problem("A mistake in the agent; the trace is in its log."),
    503: _problem("Try again later: the till is busy, or the disk does not take writes."),
    507: _problem("The disk is so full that this is not begun; what was begun is finished."),
}
