"""Every error as `application/problem+json` (RFC 9457), with a remedy."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from agent.api.pace import TooOftenFault
from agent.core.faults import AccessFault, Fault, InputFault, NotFoundFault

PROBLEM_TYPE = "urn:till-agent:problem:"
MEDIA_TYPE = "application/problem+json"
SCHEMA_HINT = "compare the request with /schema/openapi.json"

log = structlog.get_logger(__name__)


class Problem(msgspec.Struct, frozen=True):
    """The body of every error (RFC 9457, 3)."""

    type: str
    """`urn:till-agent:problem:` and the problem's own stable name."""
    title: str
    status: int
    detail: str
    """What happened, with the value that caused it."""
    remedy: str
    """What to do about it."""


class UnauthenticatedFault(AccessFault):
    """No token, or none that is known."""

    name = "not-authenticated"
    status = HTTPStatus.UNAUTHORIZED
    title = "A token is needed"


class MediaTypeFault(InputFault):
    """The body is not JSON."""

    name = "not-json"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Only JSON is understood"


class TooLargeFault(InputFault):
    """The body is larger than anything a till sends."""

    name = "too-large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "The request is too large"


class TooSlowFault(InputFault):
    """The body does not arrive."""

    name = "too-slow"
    status = HTTPStatus.REQUEST_TIMEOUT
    title = "The request did not arrive in time"


class MethodFault(InputFault):
    """The path exists, but not with this method."""

    name = "method-not-allowed"
    status = HTTPStatus.METHOD_NOT_ALLOWED
    title = "Not with this method"


def problem_of(fault: Fault) -> Problem:
    """Put a fault into the form of RFC 9457."""
    return Problem(
        type=f"{PROBLEM_TYPE}{fault.name}",
        title=fault.title,
        status=int(fault.status),
        detail=fault.detail,
        remedy=fault.remedy,
    )


def fault_response(_request: Request[Any, Any, Any], fault: Fault) -> Response[Problem]:
    """Answer a fault."""
    headers = {}
    if isinstance(fault, UnauthenticatedFault):
        headers["WWW-Authenticate"] = 'Bearer realm="till-agent"'
    if isinstance(fault, TooOftenFault):
        headers["Retry-After"] = str(fault.wait_s)
    return Response(
        problem_of(fault), status_code=int(fault.status), media_type=MEDIA_TYPE, headers=headers
    )


def http_response(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Answer what the web framework refuses: unknown paths, methods, parameters, sizes."""
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return crash_response(request, error)
    answer = fault_response(request, _fault_of(request, error))
    for name, value in (error.headers or {}).items():
        answer.set_header(name, value)
    return answer


def crash_response(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Answer what nobody foresaw: the trace goes to the log, a remedy to the caller."""
    log.error("request-failed", method=request.method, path=request.url.path, exc_info=error)
    fault = Fault(
        f"{request.method} {request.url.path} failed inside the agent: {type(error).__name__}",
        remedy="ask again with the same ids, nothing is done twice; if it stays, send "
        "`journalctl -u till-agent` of this minute to support",
        name="internal-error",
    )
    return fault_response(request, fault)


def _fault_of(request: Request[Any, Any, Any], error: HTTPException) -> Fault:
    path, method = request.url.path, request.method
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFoundFault(
                f"there is nothing at {path}", remedy=SCHEMA_HINT, name="no-such-path"
            )
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return MethodFault(f"{path} does not know {method}", remedy=SCHEMA_HINT)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLargeFault("the body is larger than 1 MiB", remedy="send less at once")
        case _:
            return InputFault(_detail(error), remedy=SCHEMA_HINT)


def _detail(error: HTTPException) -> str:
    if not isinstance(error, ValidationException) or not isinstance(error.extra, list):
        return error.detail
    said = [f"{each.get('key', '')}: {each.get('message', '')}" for each in error.extra]
    return "; ".join(said) or error.detail
