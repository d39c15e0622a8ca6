"""The till page: static files of the package, read once and served from memory.

A file that was not there at the start is not served, whatever a path says.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from agent.core.faults import NotFoundFault

INDEX = "index.html"
DISPLAY = "display.html"
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "txt": "text/plain; charset=utf-8",
}


class PageFiles:
    """Every file of the page by its path below `/page/`."""

    def __init__(self) -> None:
        self._files = dict(_read(resources.files("agent.api") / "page", ""))

    def response(self, path: str) -> Response[bytes]:
        """Answer one file.

        Raises:
            NotFoundFault: `no-such-file`.
        """
        content = self._files.get(path)
        if content is None:
            raise NotFoundFault(
                f"the till page has no file {path[:100]!r}",
                remedy="open the till page at /; reload it if the agent was updated",
                name="no-such-file",
            )
        media_type = MEDIA_TYPES[path.rpartition(".")[2]]
        return Response(content, media_type=media_type, headers={"cache-control": "no-cache"})


@get("/", include_in_schema=False)
async def index(page: NamedDependency[PageFiles]) -> Response[bytes]:
    """Serve the till page."""
    return page.response(INDEX)


@get("/display", include_in_schema=False)
async def display(page: NamedDependency[PageFiles]) -> Response[bytes]:
    """Serve the customer display."""
    return page.response(DISPLAY)


@get("/page/{path:path}", include_in_schema=False)
async def asset(path: FromPath[str], page: NamedDependency[PageFiles]) -> Response[bytes]:
    """Serve a file of the till page."""
    return page.response(path.removeprefix("/"))


def _read(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    if not folder.is_dir():
        return []
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in MEDIA_TYPES:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


ENDPOINTS = (index, display, asset)
