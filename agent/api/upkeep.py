"""Endpoints about the work beside selling: the room on the disk, backups, what was checked when."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody

from agent.api.access import Sender
from agent.api.backend import Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS
from agent.journal.backup import Backup
from agent.journal.space import Space


class DiskStatus(msgspec.Struct, frozen=True):
    """The room on the journal's disk, in bytes."""

    level: str
    """`ok`, `low` (make room), `shed` (no reference data is written), `sales-only`, or `full`: no
    sale is begun."""
    free: int
    reusable: int
    """In the journal's own file."""
    reserve: int
    """Held back."""
    reserve_wanted: int
    usable: int
    """Before the reserve is needed; negative once it was."""
    bytes_per_day: int | None
    """What a business day takes; null while no day was closed."""
    days_left: int | None
    """Business days until no sale can be begun; null where that is unknown, or never."""
    refused: tuple[str, ...]
    """What is not written any more."""
    detail: str = ""
    """What is the matter; empty while nothing is."""
    remedy: str = ""


class BackupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for a backup."""

    directory: Annotated[str, msgspec.Meta(min_length=1, max_length=4096, pattern=r"^/[^\x00]*$")]
    """A folder on this machine, best on a second medium, by its whole path."""


def disk_status(space: Space) -> DiskStatus:
    """Measure the disk now."""
    verdict = space.verdict()
    room, well = verdict.room, verdict.level == "ok"
    return DiskStatus(
        level=verdict.level,
        free=room.free,
        reusable=room.reusable,
        reserve=room.reserve,
        reserve_wanted=room.wanted,
        usable=room.usable,
        bytes_per_day=verdict.growth,
        days_left=verdict.days,
        refused=tuple(verdict.refused),
        detail="" if well else space.said(verdict),
        remedy="" if well else space.remedy(),
    )


@post("/v1/backups", dto=Json[BackupBody], status_code=201, responses=ANSWERS)
async def back_up(data: JSONBody[BackupBody], backend: Served, speaker: Sender) -> Backup:
    """Make a verified copy of the journal beside the running tills (admin only)."""
    speaker.require_admin()
    return await backend.back_up(data.directory)


GUARDED = (back_up,)
