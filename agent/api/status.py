"""Endpoints about the agent itself: status, journals, enrolment at HQ, metrics."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from agent.api.access import Sender, bearer, loop_for, speaker_of
from agent.api.backend import Backend, DeviceView, Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS
from agent.api.metrics import CONTENT_TYPE, exposition
from agent.api.upkeep import DiskStatus, disk_status
from agent.core.exchange.replica import FILTER_RULE
from agent.core.exchange.wire import FilterBuilt, Replaced
from agent.core.faults import Fault, StateFault
from agent.core.identifiers import JournalId, TillId
from agent.directory import Directory
from agent.journal import chains, upkeep
from agent.journal.salvaged import Salvaged, last
from agent.journal.upkeep import Done
from agent.journal.vanished import Vanished, noted
from agent.journal.verify import JournalReport, verify
from agent.sync.status import SyncStatus


class TillStatus(msgspec.Struct, frozen=True):
    """How one till's loop is doing."""

    till: TillId
    waiting: int
    """Requests and scans in its inbox."""
    refused: int
    """Turned away since the start because the inbox was full."""
    idle_ms: int
    """Since the loop turned last; more than a few seconds means that it is stuck."""


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the agent is; without a token only `ok` and `version`."""

    ok: bool
    version: str
    store: str | None = None
    tills: tuple[TillStatus, ...] = ()
    devices: tuple[DeviceView, ...] = ()
    sync: SyncStatus | None = None
    directory: dict[str, int] | None = None
    """How many parties, items and orders are held; absent where that cannot be read."""
    directory_trouble: str = ""
    """Why nothing can be looked up, and what to do; empty where it can."""
    known_customers: FilterView | None = None
    """The filter of everybody the chain knows; absent where HQ has sent none."""
    journals: tuple[JournalTail, ...] = ()
    disk: DiskStatus | None = None
    """The room on the journal's disk."""
    upkeep: tuple[Done, ...] = ()
    """What became of checks, backups and thinning out; without a fault all is well."""
    salvaged: Salvaged | None = None
    """What became of a damaged journal file, the last time there was one."""
    vanished: Vanished | None = None
    """That the journal file was gone, and new journals were begun."""


class FilterView(msgspec.Struct, frozen=True):
    """By what this agent knows of customers whose cards it does not hold."""

    pieces: int
    """That are here."""
    of: int
    """That there are."""
    bytes: int
    errs_ppm: int
    """Of how many strangers in a million it says that the chain knows them."""
    built_at: str = ""
    """HQ's clock; it is built every day and after each erasure."""
    days_old: int | None = None
    """By the clock here; absent where nobody said when it was built."""


class JournalTail(msgspec.Struct, frozen=True):
    """A journal and where it ends."""

    journal_id: JournalId
    till: TillId
    lane: str
    tail_seq: int
    tail_hash: str
    """Hexadecimal."""


class EnrolBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Introduces a till to HQ."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """From `till-central enrol-code STORE TILL`."""
    till: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The till the code is for; the only one where it is absent."""


class EnrolledAt(msgspec.Struct, frozen=True):
    """A till that HQ knows from now on."""

    till: TillId
    replaced: tuple[Replaced, ...] = ()
    """Journals of the machine that stood there before, as far as HQ has them."""


class KeyRenewed(msgspec.Struct, frozen=True):
    """The device key that signs from now on."""

    keyid: str
    tills: tuple[TillId, ...]


@get("/v1/status", responses={key: ANSWERS[key] for key in (401, 403, 500)})
async def show_status(request: Request[None, None, State], backend: Served) -> Status:
    """Say how the agent is; everything with a token, `ok` and `version` without."""
    token = bearer(request)
    if token is None:
        return Status(ok=backend.ready(), version=backend.version)
    await speaker_of(backend, token)
    return await full_status(backend)


async def full_status(backend: Backend) -> Status:
    """Gather everything there is to say."""
    heads, salvaged, vanished = await backend.journal.read(
        lambda conn: (chains.heads(conn), last(conn), noted(conn))
    )
    now = time.monotonic()
    counts, known, trouble = _directory(backend.directory, backend.clock.stamp().wall)
    return Status(
        ok=backend.ready(),
        version=backend.version,
        store=backend.settings.store.id,
        tills=tuple(
            TillStatus(till, loop.waiting, loop.refused, int((now - loop.turned_at) * 1000))
            for till, loop in backend.tills.items()
        ),
        devices=backend.device_views(),
        sync=backend.sync(),
        directory=counts,
        directory_trouble=trouble,
        known_customers=known,
        journals=tuple(
            JournalTail(each.journal_id, each.till, each.lane, each.tail_seq, each.tail_hash.hex())
            for each in heads
        ),
        disk=disk_status(backend.journal.space),
        upkeep=tuple((await backend.journal.read(upkeep.done)).values()),
        salvaged=salvaged,
        vanished=vanished,
    )


def _directory(
    directory: Directory, now: str
) -> tuple[dict[str, int] | None, FilterView | None, str]:
    """Say what is held, or why nobody knows: all else is said as well, and wanted then most."""
    try:
        return directory.counts(), _filter_view(directory, now), ""
    except Fault as fault:
        return None, None, f"{fault.detail}: {fault.remedy}"


def _filter_view(directory: Directory, now: str) -> FilterView | None:
    held, rule = directory.filter(), directory.rule(FILTER_RULE)
    if held is None:
        return None
    built_at = _built_at(rule)
    age = _days(built_at, now)
    return FilterView(held.pieces, held.of, held.bytes, held.errs_ppm, built_at, age)


def _built_at(rule: bytes | None) -> str:
    try:
        return msgspec.json.decode(rule, type=FilterBuilt).built_at if rule else ""
    except msgspec.MsgspecError:
        return ""  # Of a newer HQ.


def _days(since: str, now: str) -> int | None:
    """Count whole days; a clock that is wrong makes them wrong, and nothing hangs on them (P11)."""
    try:
        return max(0, (datetime.fromisoformat(now) - datetime.fromisoformat(since)).days)
    except (ValueError, TypeError):
        return None


@get("/v1/journals/verify", responses=ANSWERS)
async def verify_journals(backend: Served, speaker: Sender) -> list[JournalReport]:
    """Check every link and body of every journal, beside the running tills (admin only)."""
    speaker.require_admin()
    return await backend.journal.read_aside(verify)


@post("/v1/enrol", dto=Json[EnrolBody], status_code=200, responses=ANSWERS)
async def enrol(data: JSONBody[EnrolBody], backend: Served, speaker: Sender) -> EnrolledAt:
    """Trade a one-time code for a credential of HQ (admin only)."""
    speaker.require_admin()
    loop = loop_for(backend, speaker, data.till)
    if backend.enrol is None:
        raise _no_hq()
    replaced = await backend.enrol(loop.till, data.code)
    return EnrolledAt(loop.till, tuple(replaced))


@post("/v1/renew-key", status_code=200, responses=ANSWERS)
async def renew_key(backend: Served, speaker: Sender) -> KeyRenewed:
    """Agree on a new device key with HQ and sign by it from now on (admin only)."""
    speaker.require_admin()
    if backend.renew_key is None:
        raise _no_hq()
    keyid, tills = await backend.renew_key()
    return KeyRenewed(keyid, tuple(tills))


def _no_hq() -> StateFault:
    return StateFault(
        "this agent has no HQ",
        remedy='set url under [hq] in the settings, for example "https://hq.example"',
        name="no-hq",
    )


@get("/metrics", media_type=CONTENT_TYPE, responses=ANSWERS)
async def metrics(backend: Served) -> Response[bytes]:
    """Give the metrics in the Prometheus text format."""
    return Response(await exposition(backend), media_type=CONTENT_TYPE)


GUARDED = (renew_key, verify_journals, enrol, metrics)
OPEN = (show_status,)
