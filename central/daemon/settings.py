"""`central.toml` as frozen values: what IT writes, checked with every error at once.

The docstrings are the text of the JSON Schema.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from agent.core.faults import Fault
from agent.core.fields import FieldProblem, convert_checked
from central.channels.registry import COMMUNICATION, DISTRIBUTION, Channel

PORT_MAX = 65535


class CentralSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[central]`: the program itself."""

    listen: str = "127.0.0.1:8470"
    """Address and port; behind a proxy that speaks TLS keep loopback."""
    state_dir: str = "/var/lib/till-central"
    """Owned by the service's user; holds the root key and, by default, the database."""
    database: str | None = None
    """`sqlite:////path/central.sqlite`; absent: `central.sqlite` in the state directory."""
    name: str = ""
    """The chain's name, as the console shows it."""
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides the program's own that may call, for example `https://hq.example`."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names besides the listening address and localhost, for example `hq.example`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    central: CentralSettings = CentralSettings()
    channels: tuple[Channel, ...] = msgspec.field(default=(), name="channel")
    """`[[channel]]`: where else than in stores customers are met."""


class SettingsFault(Fault):
    """The settings cannot be used; `problems` has each of them."""

    name = "bad-settings"
    title = "The settings have errors"

    def __init__(self, path: Path, problems: list[FieldProblem]) -> None:
        """Keep the problems; the detail lists them, one a line."""
        lines = [f"  {found.path}: {found.detail}; {found.remedy}" for found in problems]
        errors = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        super().__init__(
            "\n".join([f"{path} has {errors}:", *lines]),
            remedy=f"edit {path}, then try: till-central status --config {path}",
        )
        self.problems = problems


def load(path: Path) -> Settings:
    """Read the settings file.

    Raises:
        SettingsFault: the file cannot be read, or has problems: all of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = FieldProblem("file", f"cannot be read: {error}", "check the path and its rights")
        raise SettingsFault(path, [problem]) from error
    return parse(text, path)


def parse(text: str, path: Path) -> Settings:
    """Turn the text of a settings file into settings.

    Raises:
        SettingsFault: with all problems found, `path` naming the file in the message.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mend = "mend the line; texts stand in quotes, tables in [brackets]"
        raise SettingsFault(path, [FieldProblem("TOML", str(error), mend)]) from error
    settings, problems = convert_checked(data, Settings, _problems)
    if settings is None:
        raise SettingsFault(path, problems)
    return settings


def address_of(listen: str) -> tuple[str, int] | None:
    """Read `HOST:PORT`, an IPv6 address in brackets; None if it is something else.

    >>> address_of("127.0.0.1:8470"), address_of("[::1]:8470"), address_of("8470")
    (('127.0.0.1', 8470), ('::1', 8470), None)
    """
    host, colon, port = listen.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) <= PORT_MAX):
        return None
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], int(port)
    return None if ":" in host else (host, int(port))


def database_of(settings: CentralSettings) -> str | Path:
    """Tell where the database is."""
    return settings.database or Path(settings.state_dir) / "central.sqlite"


def _problems(settings: Settings) -> Iterator[FieldProblem]:
    yield from _listen(settings.central)
    yield from _database(settings.central)
    yield from _channels(settings)


def _listen(settings: CentralSettings) -> Iterator[FieldProblem]:
    if address_of(settings.listen) is None:
        yield FieldProblem(
            "central.listen",
            f"{settings.listen!r} is no address and port",
            f'write "127.0.0.1:8470"; a port is at most {PORT_MAX}',
        )


def _database(settings: CentralSettings) -> Iterator[FieldProblem]:
    if settings.database is not None and not settings.database.startswith("sqlite:///"):
        yield FieldProblem(
            "central.database",
            f"{settings.database!r} is not a database this version works with",
            'leave it out, or write "sqlite:////path/central.sqlite"',
        )


def _channels(settings: Settings) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for index, channel in enumerate(settings.channels):
        path = f"channel[{index}]"
        if not channel.id or channel.id in seen:
            what = f"{channel.id!r} is there twice" if channel.id else "is empty"
            yield FieldProblem(f"{path}.id", what, "give each channel its own id")
        if channel.kind not in {DISTRIBUTION, COMMUNICATION}:
            kinds = f'"{DISTRIBUTION}" or "{COMMUNICATION}"'
            yield FieldProblem(f"{path}.kind", f"{channel.kind!r} is no kind", f"write {kinds}")
        seen.add(channel.id)
