"""The application: endpoints, guard, errors and the OpenAPI document, put together."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from agent.api import (
    customers,
    events,
    handing,
    leads,
    orders,
    page_files,
    papers,
    printing,
    sales,
    scanners,
    status,
    tills,
    tokens,
    upkeep,
    value,
    weights,
)
from agent.api.access import Speaker, require_token
from agent.api.backend import Backend
from agent.api.bodies import BodyRequest
from agent.api.events import Watchers
from agent.api.gate import BODY_BYTES_MAX, Gate
from agent.api.page_files import PageFiles
from agent.api.problems import crash_response, fault_response, http_response
from agent.api.schema import TrueSchemas
from agent.core.faults import Fault
from agent.program.application import LeanLitestar

GUARDED = (
    *sales.ENDPOINTS,
    *tills.ENDPOINTS,
    *scanners.ENDPOINTS,
    *tokens.ENDPOINTS,
    *customers.ENDPOINTS,
    *leads.ENDPOINTS,
    *handing.ENDPOINTS,
    *orders.ENDPOINTS,
    *papers.ENDPOINTS,
    *printing.ENDPOINTS,
    *value.ENDPOINTS,
    *weights.ENDPOINTS,
    *status.GUARDED,
    *upkeep.GUARDED,
)
OPEN = (*status.OPEN, *events.ENDPOINTS, *page_files.ENDPOINTS)


def create_app(backend: Backend) -> Litestar:
    """Make the ASGI application of an agent.

    Args:
        backend: the parts it serves. It starts and stops none of them.
    """
    page, watchers = PageFiles(), Watchers()
    app = LeanLitestar(
        route_handlers=[
            Router(
                "/",
                route_handlers=GUARDED,
                guards=[require_token],
                dependencies={"speaker": Provide(_speaker, sync_to_thread=False)},
                security=[{"token": []}],
            ),
            Router("/", route_handlers=OPEN),
        ],
        dependencies={
            "backend": Provide(lambda: backend, sync_to_thread=False),
            "page": Provide(lambda: page, sync_to_thread=False),
            "watchers": Provide(lambda: watchers, sync_to_thread=False),
        },
        exception_handlers={
            Fault: fault_response,
            HTTPException: http_response,
            Exception: crash_response,
        },
        openapi_config=_openapi(backend.version),
        request_class=BodyRequest,
        request_max_body_size=BODY_BYTES_MAX,
        # The daemon has set up logging; a library that does it again would undo that.
        logging_config=None,
    )
    app.state.backend = backend
    # In front of the router, so that what no route answers is checked too.
    app.asgi_handler = Gate(app.asgi_handler, backend.settings.agent)
    return app


def _speaker(request: Request[Any, Any, Any]) -> Speaker:
    speaker: Speaker = request.state.speaker
    return speaker


def _openapi(version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="till-agent",
        version=version,
        summary="The local API of a till.",
        path="/schema",
        render_plugins=[TrueSchemas((*GUARDED, *status.OPEN))],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", description="From `till-agent pair TILL`."
                )
            }
        ),
    )
