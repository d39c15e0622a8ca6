"""Making pages: templates with everything escaped, and headers that let nothing else in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response

from central.console import show

HTML = "text/html"
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Pages hold personal data: nobody keeps them, frames them or learns their address. A stricter
referrer policy would make browsers hide the origin of the login form, and the gate refuse it."""


def page(template: str, *, status: int = 200, **values: object) -> Response[str]:
    """Make a page of a template of this room."""
    html = _environment().get_template(template).render(**values)
    return Response(html, media_type=HTML, status_code=status, headers=dict(SECURITY))


def asset(name: str, media_type: str) -> Response[bytes]:
    """Give a file of the room's static folder."""
    content = files("central.console").joinpath("static", name).read_bytes()
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("central.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(show.FILTERS)
    return environment
