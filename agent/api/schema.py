"""The OpenAPI document: the framework's paths, with msgspec's own word on every body.

What decodes a request is what describes it: limits, required fields and the refusal of unknown
ones are told exactly as they are enforced.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_type_hints

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin

from agent.api.problems import Problem

REFERENCE = "#/components/schemas/{name}"


class TrueSchemas(JsonRenderPlugin):
    """Serves the document, its component schemas replaced by msgspec's."""

    def __init__(self, endpoints: Iterable[HTTPRouteHandler]) -> None:
        super().__init__()
        structs = {Problem, *(each for end in endpoints for each in structs_of(end))}
        _, self._components = msgspec.json.schema_components(
            sorted(structs, key=lambda each: each.__name__), ref_template=REFERENCE
        )

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Write the document as JSON."""
        components = openapi_schema["components"]
        schemas = {**components["schemas"], **self._components}
        document = {**openapi_schema, "components": {**components, "schemas": schemas}}
        return super().render(request, document)


def structs_of(endpoint: HTTPRouteHandler) -> list[type[msgspec.Struct]]:
    """Find the structs an endpoint takes and gives."""
    hints = get_type_hints(endpoint.fn)
    found = [hints.get("data"), hints.get("return")]
    inner = [arg for each in found for arg in getattr(each, "__args__", ())]
    return [
        each
        for each in (*found, *inner)
        if isinstance(each, type) and issubclass(each, msgspec.Struct)
    ]
