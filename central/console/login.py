"""Staff in and out of the console: the token becomes a cookie no script and no other site sees."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from agent.core.faults import AccessFault
from central.console.pages import SECURITY, page
from central.ledger.hq import hq_of

COOKIE = "till_central_staff"
FORM_BYTES_MAX = 4096
MONTH_S = 30 * 86_400


class NotLoggedIn(AccessFault):
    """The browser has no valid staff token; the login page takes one."""

    name = "not-logged-in"
    status = 401
    title = "Log in first"


def staff_only(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard a page.

    Raises:
        NotLoggedIn: no cookie, or a token that is not valid any more.
    """
    token = connection.cookies.get(COOKIE, "")
    if not token or not hq_of(connection).admits(token):
        raise NotLoggedIn(
            "the browser has shown no valid staff token",
            remedy="open /login with the token till-central serve printed",
        )


def to_login(_request: Request[Any, Any, Any], _fault: NotLoggedIn) -> Response[str]:
    """Send the browser to the login; the fragment of its address, and a token in it, go along."""
    return _redirect("/login")


@get("/login", include_in_schema=False, sync_to_thread=False)
def get_login(request: Request[Any, Any, Any]) -> Response[str]:
    """Ask for the staff token."""
    return page("login.html", chain=hq_of(request).name, refused=False)


@post("/login", include_in_schema=False, request_max_body_size=FORM_BYTES_MAX)
async def post_login(request: Request[Any, Any, Any]) -> Response[str]:
    """Take a valid token into a cookie and go to the first page."""
    hq = hq_of(request)
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    token = form.get("token", [""])[0].strip()
    if not hq.admits(token):
        return page("login.html", status=403, chain=hq.name, refused=True)
    answer = _redirect("/")
    answer.cookies = [_cookie(request, token, MONTH_S)]
    return answer


@post("/logout", include_in_schema=False, sync_to_thread=False)
def post_logout(request: Request[Any, Any, Any]) -> Response[str]:
    """Take the cookie back."""
    answer = _redirect("/login")
    answer.cookies = [_cookie(request, "", 0)]
    return answer


def _cookie(request: Request[Any, Any, Any], token: str, max_age_s: int) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=token,
        max_age=max_age_s,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _redirect(path: str) -> Response[str]:
    return Response("", status_code=303, headers=SECURITY | {"Location": path})


OPEN_ROUTES: list[HTTPRouteHandler] = [get_login, post_login, post_logout]
"""Addresses that need no login."""
