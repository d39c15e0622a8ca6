"""All rooms' routes as one web application, behind the gate."""

from __future__ import annotations

import time

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders, State
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Scope
from msgspec.structs import replace
from sqlalchemy import func, select

from agent.core.exchange.versions import SYNC_VERSIONS, VERSIONS_HEADER
from agent.core.faults import Fault
from agent.program.application import LeanLitestar
from central.channels.routes import ROUTES as CHANNELS
from central.console.routes import ROUTES as CONSOLE
from central.daemon.channel_tokens import ChannelTokens
from central.daemon.digests import Digests
from central.daemon.gate import DEVICE_PATHS, Gate
from central.daemon.metrics import get_metrics
from central.daemon.openapi import FeedItemSchema, openapi
from central.daemon.problems import from_bug, from_fault, from_http
from central.daemon.rights import RootAuthority
from central.daemon.settings import CentralSettings, address_of
from central.daemon.staff import StaffTokens
from central.daemon.stores import get_stores
from central.daemon.unfit import refuse_unfit
from central.feed.routes import ROUTES as FEED
from central.goods.routes import ROUTES as GOODS
from central.goods.stock_routes import ROUTES as STOCK
from central.histories.routes import ROUTES as HISTORIES
from central.identity.routes import ROUTES as IDENTITY
from central.intake.admission import WORKERS, Admission
from central.intake.root_key import RootKey
from central.intake.routes import ROUTES as INTAKE
from central.leads.routes import ROUTES as LEADS
from central.ledger.engine import POOL_SIZE, is_shared, reading
from central.ledger.hq import Hq
from central.ledger.tables import JOURNALS
from central.privacy.rights_routes import ROUTES as RIGHTS
from central.privacy.routes import ROUTES as PRIVACY
from central.privacy.settings import PrivacySettings
from central.reports.routes import ROUTES as REPORTS
from central.value.routes import ROUTES as VALUE

NOBODY_NAMED = PrivacySettings()
BODY_BYTES_MAX = 8 << 20
"""Of a request body where a route says nothing else: a day's events of a web store."""


def create_app(
    hq: Hq,
    *,
    root_key: RootKey,
    staff: StaffTokens,
    channels: ChannelTokens,
    settings: CentralSettings,
    privacy: PrivacySettings = NOBODY_NAMED,
    routes: Litestar | None = None,
) -> ASGIApp:
    """Assemble the application; starting and stopping is the caller's.

    Args:
        hq: what the routes work on.
        root_key: signs what devices are told.
        staff: judges the tokens of people.
        channels: judges the tokens of web stores.
        settings: who may speak to it.
        privacy: who answers for the data of persons.
        routes: put together before, for an HQ that is no longer served; None: put together here.
    """
    host, _ = address_of(settings.listen) or ("", 0)
    return Gate(
        Digests(handed(put_together() if routes is None else routes, hq, root_key, privacy)),
        admits=staff.admits,
        speaker=channels.speaker,
        hosts=frozenset({host.lower(), *map(str.lower, settings.allowed_hosts)}),
        origins=frozenset(settings.allowed_origins),
    )


async def name_versions(message: Message, scope: Scope) -> None:
    """Name, in every answer to a device, the sync versions HQ understands."""
    if message["type"] == "http.response.start" and scope["path"].startswith(DEVICE_PATHS):
        MutableScopeHeaders.from_message(message)[VERSIONS_HEADER] = str(SYNC_VERSIONS)


def create_routes(hq: Hq, root_key: RootKey) -> Litestar:
    """Give the routes without the gate."""
    return handed(put_together(), hq, root_key)


def put_together() -> Litestar:
    """Put all routes together, with nothing yet to work on."""
    rooms = (
        INTAKE,
        FEED,
        HISTORIES,
        IDENTITY,
        CHANNELS,
        GOODS,
        STOCK,
        LEADS,
        VALUE,
        PRIVACY,
        RIGHTS,
        REPORTS,
        CONSOLE,
    )
    return LeanLitestar(
        route_handlers=[get_metrics, get_stores, *(route for room in rooms for route in room)],
        exception_handlers={Fault: from_fault, HTTPException: from_http, Exception: from_bug},
        openapi_config=openapi(),
        plugins=[FeedItemSchema()],
        before_request=refuse_unfit,
        before_send=[name_versions],
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
    )


def handed(
    app: Litestar, hq: Hq, root_key: RootKey, privacy: PrivacySettings = NOBODY_NAMED
) -> Litestar:
    """Give the routes what they work on."""
    app.state = State(
        {
            "hq": hq,
            "root_key": root_key,
            "admission": _admission(hq),
            "authority": RootAuthority(root_key, hq.now),
            "privacy": privacy if privacy.name else replace(privacy, name=hq.name),
        }
    )
    return app


def _admission(hq: Hq) -> Admission:
    """One writer on SQLite; PostgreSQL takes as many journals at once as there are connections."""
    workers = POOL_SIZE if is_shared(hq.engine) else WORKERS
    return Admission(time.monotonic, workers=workers, known=_known(hq))


def _known(hq: Hq) -> int:
    """Count the journals whose tills may come back after this start."""
    with reading(hq.engine) as conn:
        query = select(func.count()).where(JOURNALS.c.ended_at.is_(None))
        return conn.execute(query).scalar_one()
