"""Where a scan goes: to the till that owns the scanner, or back to whoever looks, with the reason.

A scan of a scanner that several tills share and none has claimed is refused by name: were it
kept, it would be sold minutes later to somebody else; were it guessed, at the wrong till.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from agent.contracts.devices import ScanFrame
from agent.core.faults import Fault
from agent.core.identifiers import DeviceId, TillId
from agent.devices.claims import Claims
from agent.till import TillLoop
from agent.till.commands import Announce

TELLING_MAX = 64
"""Refusals on their way to the tills; beyond that the log alone has them."""

log = structlog.get_logger(__name__)


class ScanRouter:
    """Called with every frame of every scanner; never blocks."""

    def __init__(self, claims: Claims, tills: Mapping[TillId, TillLoop]) -> None:
        """Take the owners and the tills there are."""
        self._claims = claims
        self._tills = tills
        self._telling: set[asyncio.Task[None]] = set()

    def __call__(self, device: DeviceId, frame: ScanFrame) -> None:
        """Hand a frame to its one till, or refuse it."""
        owner = self._claims.owner(device)
        loop = self._tills.get(owner) if owner is not None else None
        if loop is not None:
            loop.offer_scan(device, frame)
        else:
            self._refuse(device)

    def _refuse(self, device: DeviceId) -> None:
        tills = self._claims.tills(device)
        log.warning("a scan of a scanner no till claims", device=device, tills=tills)
        if len(self._telling) >= TELLING_MAX:
            return
        for till in tills:
            told = announce(self._tills[till], "scan", _unclaimed(device, till))
            task = asyncio.get_running_loop().create_task(told)
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)


def _unclaimed(device: DeviceId, till: TillId) -> dict[str, Any]:
    why = f"no till has claimed scanner {device}"
    return {
        "device": device,
        "kind": "unclaimed",
        "why": [why],
        "refused": f"this scan was not taken: {why}",
        "remedy": "claim it for the till that is to have it "
        f"(POST /v1/tills/{till}/scanners/{device}/claim, or till-agent devices claim {device} "
        f"{till}); then scan again",
    }


async def announce(loop: TillLoop, kind: str, data: dict[str, Any]) -> None:
    """Tell a till something that it need not know to sell; a till that is too busy misses it."""
    try:
        await loop.ask(Announce(kind, data))
    except Fault as fault:
        log.warning("an event was not told", till=loop.till, type=kind, why=str(fault))
