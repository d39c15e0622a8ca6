"""Endpoints of a till's scanners: whose they are, claiming, giving back.

The vocabulary is UnifiedPOS's: a device is claimed by one, and whoever claims it alone gets its
data. A scanner that only one till names needs no claim.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter

from agent.api.access import Sender, loop_for
from agent.api.backend import Served
from agent.api.bodies import EmptyBody, Json
from agent.api.described import ANSWERS, TillPath
from agent.core.identifiers import DeviceId
from agent.devices.claims import Ownership

ScannerPath = Annotated[str, PathParameter(description="A scanner's id, as in `[[device]] id`.")]

_order = partial(post, dto=Json[EmptyBody], status_code=200, responses=ANSWERS)
"""An order about one scanner; the address says all."""


@get("/v1/tills/{till:str}/scanners", responses=ANSWERS)
async def list_scanners(till: TillPath, backend: Served, speaker: Sender) -> list[Ownership]:
    """List the scanners a till names, and which till gets their scans now."""
    return backend.claims.seen_by(loop_for(backend, speaker, till).till)


@_order("/v1/tills/{till:str}/scanners/{device:str}/claim")
async def claim_scanner(
    till: TillPath,
    device: ScannerPath,
    data: JSONBody[EmptyBody],
    backend: Served,
    speaker: Sender,
) -> Ownership:
    """Take a scanner that several tills share; refused with 409 while another till has it."""
    del data
    loop = loop_for(backend, speaker, till)
    return await backend.claims.claim(
        DeviceId(device), loop.till, at=backend.clock.stamp().wall, token=speaker.token
    )


@_order("/v1/tills/{till:str}/scanners/{device:str}/release")
async def release_scanner(
    till: TillPath,
    device: ScannerPath,
    data: JSONBody[EmptyBody],
    backend: Served,
    speaker: Sender,
) -> Ownership:
    """Give a claimed scanner back; repeated, it changes nothing."""
    del data
    loop = loop_for(backend, speaker, till)
    return await backend.claims.release(DeviceId(device), loop.till)


ENDPOINTS = (list_scanners, claim_scanner, release_scanner)
