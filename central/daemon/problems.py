"""Every error as `application/problem+json` (RFC 9457), with a remedy (P12)."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import ClientException, HTTPException, ValidationException
from sqlalchemy.exc import DataError

from agent.core.faults import Fault, UnavailableFault
from central.intake.admission import Crowded

PROBLEM_TYPE = "urn:till-agent:problem:"
"""The same names under the same prefix as the agent gives them."""
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_REMEDIES = {
    400: "compare the request with /schema/openapi.json",
    401: "send Authorization: Bearer and the staff token",
    404: "look for the address in /schema/openapi.json",
    405: "look for the method in /schema/openapi.json",
    413: "send less at once",
    415: "send Content-Type: application/json",
}
_LOG = structlog.get_logger("central")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One error as it travels."""

    type: str
    """`urn:till-agent:problem:NAME`; the name is stable."""
    title: str
    status: int
    detail: str
    remedy: str
    errors: tuple[str, ...] = ()
    """Where the request does not fit, one a line."""


def problem_of(fault: Fault) -> Problem:
    """Write a fault as a problem."""
    return Problem(
        f"{PROBLEM_TYPE}{fault.name}",
        fault.title,
        fault.status,
        fault.detail,
        fault.remedy,
    )


def headers_of(fault: Fault) -> dict[str, str]:
    """Give what the status of a fault asks to be sent besides (RFC 9110, 10.2.3, 11.6.1)."""
    if isinstance(fault, Crowded):
        return {"Retry-After": str(fault.retry_after_s)}
    if isinstance(fault, UnavailableFault):
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {"WWW-Authenticate": "Bearer"} if fault.status == 401 else {}


def from_fault(_request: Request[Any, Any, Any], fault: Fault) -> Response[Problem]:
    """Answer a fault a room raised."""
    return _answer(problem_of(fault), headers_of(fault))


def from_http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Answer what the framework refused: a wrong address, method or shape."""
    status = error.status_code
    name = "bad-request" if status == 400 else f"http-{status}"
    errors = _errors(error) if isinstance(error, ValidationException) else ()
    remedy = _REMEDIES.get(status, "look into HQ's log")
    problem = Problem(
        f"{PROBLEM_TYPE}{name}",
        "The request cannot be served",
        status,
        error.detail,
        remedy,
        errors,
    )
    return _answer(problem, dict(error.headers or {}))


def from_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Answer what nobody foresaw, and log it whole; the caller may try again.

    Where something is only asked for, a value that no database can hold is the caller's.
    """
    if request.method == "GET" and isinstance(error, DataError | OverflowError):
        unfit = "a value in it is no text or number a database holds: a NUL, or beyond 64 bits"
        return from_http(request, ClientException(unfit))
    _LOG.error("request failed", path=request.url.path, exc_info=error)
    problem = Problem(
        f"{PROBLEM_TYPE}unexpected",
        "HQ failed",
        500,
        f"HQ could not serve this request: {type(error).__name__}",
        "try again; if it stays, send HQ's log to the product's maker",
    )
    return _answer(problem, {})


def _errors(error: ValidationException) -> tuple[str, ...]:
    extra = error.extra if isinstance(error.extra, list) else []
    return tuple(f"{found.get('key', '')}: {found.get('message', '')}" for found in extra)


def _answer(problem: Problem, headers: dict[str, str]) -> Response[Problem]:
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
