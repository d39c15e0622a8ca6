"""What a well-typed settings file can still have wrong: each rule yields problems, all are run."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import PurePath
from urllib.parse import urlsplit

from agent.core.barcode import parse_pattern
from agent.core.faults import Fault
from agent.core.fields import FieldProblem
from agent.settings.device_checks import device_problems
from agent.settings.model import AgentSettings, Settings

ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""Ids stand in receipt numbers, paths and URLs."""
HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
)
ORIGIN = re.compile(rf"(?:https?|[a-z][a-z0-9+.-]*-extension)://(?:{HOST.pattern})")
"""RFC 6454, 6.2: scheme, host and port, as a browser sends them."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TAX_MAX = 10_000
RESERVE_MB_MAX = 65_536
KEEP_DAYS_MAX = 36_500
"""A hundred years: for ever."""
BACKUPS_MAX = 365

Problems = Iterator[FieldProblem]


def problems_of(settings: Settings) -> list[FieldProblem]:
    """Run every rule of this module over the settings."""
    return [problem for rule in RULES for problem in rule(settings)]


def _ids(settings: Settings) -> Problems:
    named = [
        ("store.id", settings.store.id),
        *((f"till[{n}].id", till.id) for n, till in enumerate(settings.tills)),
        *((f"device[{n}].id", device.id) for n, device in enumerate(settings.devices)),
    ]
    for path, value in named:
        if not ID.fullmatch(value):
            yield FieldProblem(
                path,
                f"{value!r} cannot be an id",
                "use 1 to 32 lower-case letters, digits and inner hyphens, such as till-1",
            )


def _unique(settings: Settings) -> Problems:
    yield from _doubles("till", [till.id for till in settings.tills])
    yield from _doubles("device", [device.id for device in settings.devices])


def _doubles(table: str, ids: Sequence[str]) -> Problems:
    for n, name in enumerate(ids):
        if name in ids[:n]:
            yield FieldProblem(
                f"{table}[{n}].id", f"{name!r} is there twice", "give each its own id"
            )


def _tills(settings: Settings) -> Problems:
    if not settings.tills:
        yield FieldProblem("till", "there is no till", 'add a table [[till]] with id = "till-1"')
    shown: dict[str, str] = {}
    for n, till in enumerate(settings.tills):
        for scanner in till.scanners:
            yield from _device(settings, f"till[{n}].scanners", scanner, "scanner")
        if len(set(till.scanners)) < len(till.scanners):
            yield FieldProblem(f"till[{n}].scanners", "names a scanner twice", "name each once")
        yield from _device(settings, f"till[{n}].printer", till.printer, "printer")
        yield from _device(settings, f"till[{n}].drawer", till.drawer, "printer")
        yield from _device(settings, f"till[{n}].display", till.display, "display")
        yield from _device(settings, f"till[{n}].scale", till.scale, "scale")
        if till.display is not None and till.display in shown:
            yield FieldProblem(
                f"till[{n}].display",
                f"{till.display!r} already shows {shown[till.display]!r}",
                "a display stands before one till's customers; remove it from one of them",
            )
        shown.setdefault(till.display or "", till.id)


def _device(settings: Settings, path: str, name: str | None, kind: str) -> Problems:
    if name is None:
        return
    kinds: dict[str, str] = {device.id: device.kind for device in settings.devices}
    if name not in kinds:
        near = get_close_matches(name, kinds, n=1)
        known = ", ".join(repr(device) for device in kinds) or "none"
        meant = f"did you mean {near[0]!r}? or " if near else ""
        yield FieldProblem(
            path,
            f"there is no device {name!r}",
            f"{meant}add it as [[device]]; devices now: {known}",
        )
    elif kinds[name] != kind:
        yield FieldProblem(path, f"{name!r} is a {kinds[name]}", f"name a device of kind {kind!r}")


def _store(settings: Settings) -> Problems:
    store = settings.store
    if not re.fullmatch(r"[A-Z]{3}", store.currency):
        yield FieldProblem(
            "store.currency", f"{store.currency!r} is no ISO 4217 code", 'write for example "EUR"'
        )
    if not re.fullmatch(r"[A-Z]{2}", store.country):
        yield FieldProblem(
            "store.country", f"{store.country!r} is no ISO 3166-1 code", 'write for example "DE"'
        )
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", store.day_starts_at):
        yield FieldProblem(
            "store.day_starts_at", f"{store.day_starts_at!r} is no time", 'write "04:00"'
        )
    if store.cash_rounding < 1:
        yield FieldProblem(
            "store.cash_rounding", "must be at least 1", "write 1 for none, 5 in Switzerland"
        )
    yield from _timezone(store.timezone)


def _timezone(name: str) -> Problems:
    if name not in zoneinfo.available_timezones():
        yield FieldProblem(
            "store.timezone", f"{name!r} is no IANA time zone", 'write for example "Europe/Berlin"'
        )


def _tax(settings: Settings) -> Problems:
    for name, rate in settings.tax.items():
        if not 0 <= rate <= TAX_MAX:
            yield FieldProblem(
                f"tax.{name}",
                f"{rate} basis points are not between 0 and {TAX_MAX}",
                "write hundredths of a percent: 1900 is 19 %",
            )


def _listen(settings: Settings) -> Problems:
    host, _, port = settings.agent.listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= 65_535:
        yield FieldProblem(
            "agent.listen",
            f"{settings.agent.listen!r} is no address and port",
            'write host:port with a port from 1 to 65535, for example "127.0.0.1:8460"',
        )


def _callers(settings: Settings) -> Problems:
    """Nobody is let in by a pattern: an origin is spelled out, and so is a name."""
    for n, origin in enumerate(settings.agent.allowed_origins):
        if not ORIGIN.fullmatch(origin):
            yield FieldProblem(
                f"agent.allowed_origins[{n}]",
                f"{origin!r} is no origin",
                'write scheme and host as the browser shows them, such as "https://pos.example", '
                "without a path; there is no wildcard",
            )
    for n, host in enumerate(settings.agent.allowed_hosts):
        if not HOST.fullmatch(host):
            yield FieldProblem(
                f"agent.allowed_hosts[{n}]",
                f"{host!r} is no host name",
                'write a name, such as "till-1.shop.example"; there is no wildcard',
            )


def _hq(settings: Settings) -> Problems:
    if settings.hq is None:
        return
    url = urlsplit(settings.hq.url)
    plain_ok = url.scheme == "http" and url.hostname in LOOPBACK
    if not url.hostname or not (url.scheme == "https" or plain_ok):
        yield FieldProblem(
            "hq.url",
            f"{settings.hq.url!r} is no https address",
            'write "https://…"; plain http is only for a loopback address',
        )


def _barcode(settings: Settings) -> Problems:
    for n, pattern in enumerate(settings.barcode.in_store):
        try:
            parse_pattern(pattern)
        except Fault as fault:
            yield FieldProblem(f"barcode.in_store[{n}]", fault.detail, fault.remedy)


def _upkeep(settings: Settings) -> Problems:
    agent = settings.agent
    for name, least, most in (
        ("reserve_mb", 0, RESERVE_MB_MAX),
        ("keep_days", 1, KEEP_DAYS_MAX),
        ("backup_keep", 1, BACKUPS_MAX),
    ):
        value = getattr(agent, name)
        if not least <= value <= most:
            yield FieldProblem(
                f"agent.{name}",
                f"{value} is not between {least} and {most}",
                f"write a whole number, or leave it out for {getattr(AgentSettings(), name)}",
            )
    yield from _backup_dir(agent)


def _backup_dir(agent: AgentSettings) -> Problems:
    if agent.backup_dir is None:
        return
    folder, state = PurePath(agent.backup_dir), PurePath(agent.state_dir)
    if not folder.is_absolute():
        yield FieldProblem(
            "agent.backup_dir",
            f"{agent.backup_dir!r} is not a whole path",
            'write it from the root on, such as "/mnt/backup"',
        )
    elif folder.is_relative_to(state):
        yield FieldProblem(
            "agent.backup_dir",
            f"{agent.backup_dir!r} lies in the state directory, and is lost with it",
            "name a folder on a second medium (a USB stick, a share of another machine)",
        )


RULES: tuple[Callable[[Settings], Problems], ...] = (
    _ids,
    _unique,
    _tills,
    _store,
    _tax,
    device_problems,
    _listen,
    _callers,
    _hq,
    _barcode,
    _upkeep,
)
