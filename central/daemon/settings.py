"""`central.toml` as frozen values: what IT writes, checked with every error at once.

The docstrings are the text of the JSON Schema.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from agent.core.faults import Fault
from agent.core.fields import FieldProblem, convert_checked
from agent.core.quantities import WHOLE
from central.channels.connecting import ConnectorSettings
from central.channels.registry import COMMUNICATION, DISTRIBUTION, Channel
from central.identity import replica_settings
from central.identity.replica_settings import ReplicaSettings
from central.leads.rules import RuleSetting
from central.privacy.settings import PrivacySettings

PORT_MAX = 65535
DATABASE_VARIABLE = "TILL_CENTRAL_DATABASE_PASSWORD"


class CentralSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[central]`: the program itself."""

    listen: str = "127.0.0.1:8470"
    """Address and port; behind a proxy that speaks TLS keep loopback."""
    state_dir: str = "/var/lib/till-central"
    """Owned by the service's user; holds the root key and, by default, the database."""
    database: str | None = None
    """`sqlite:////path/central.sqlite` or `postgresql://USER@HOST:PORT/NAME`, without a password;
    absent: `central.sqlite` in the state directory."""
    database_password_file: str | None = None
    """A file, readable by the service alone, whose first line is the password of PostgreSQL; or
    the variable TILL_CENTRAL_DATABASE_PASSWORD, or what libpq knows (`.pgpass`)."""
    name: str = ""
    """The chain's name, as the console shows it."""
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides the program's own that may call, for example `https://hq.example`."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names besides the listening address and localhost, for example `hq.example`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class ChannelSettings(Channel, frozen=True, forbid_unknown_fields=True):
    """`[[channel]]`: a channel, and how HQ keeps in step with it."""

    connector: ConnectorSettings | None = None
    """`[channel.connector]`: a web store HQ asks by itself; without it the channel sends events."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    central: CentralSettings = CentralSettings()
    channels: tuple[ChannelSettings, ...] = msgspec.field(default=(), name="channel")
    """`[[channel]]`: where else than in stores customers are met."""
    privacy: PrivacySettings = PrivacySettings()
    """`[privacy]`: who answers for the data of persons."""
    replica: ReplicaSettings = ReplicaSettings()
    """`[replica]`: which customers the tills hold."""
    credit_rules: tuple[RuleSetting, ...] = msgspec.field(default=(), name="credit_rule")
    """`[[credit_rule]]`: who is credited for what one channel began and another sold; none: the
    lead touched last, for seven days. A rule counts from its day until the next one begins."""


class PasswordFault(Fault):
    """The password of the database cannot be read."""

    name = "database-password"
    title = "The database's password cannot be read"


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


def database_of(settings: CentralSettings) -> Path | URL:
    """Tell where the database is, with the password it asks for.

    Raises:
        PasswordFault: the file of the password cannot be read, or is empty.
    """
    if settings.database is None:
        return Path(settings.state_dir) / "central.sqlite"
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "")
    password = _password(settings)
    return url.set(password=password) if password else url


def _password(settings: CentralSettings) -> str:
    """Read the password; it stands in no settings and in no message."""
    if settings.database_password_file is None:
        return os.environ.get(DATABASE_VARIABLE, "")
    path = settings.database_password_file
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PasswordFault(
            f"the database's password cannot be read from {path}: {type(error).__name__}",
            remedy="let the service's user read it: chown and chmod 0400, one line of UTF-8",
        ) from error
    if not lines or not lines[0]:
        raise PasswordFault(
            f"the first line of {path} is empty", remedy="write the database's password into it"
        )
    return lines[0]


def _problems(settings: Settings) -> Iterator[FieldProblem]:
    yield from _listen(settings.central)
    yield from _database(settings.central)
    yield from _channels(settings)
    yield from _credit_rules(settings)
    yield from replica_settings.problems(settings.replica)


def _listen(settings: CentralSettings) -> Iterator[FieldProblem]:
    if address_of(settings.listen) is None:
        yield FieldProblem(
            "central.listen",
            f"{settings.listen!r} is no address and port",
            f'write "127.0.0.1:8470"; a port is at most {PORT_MAX}',
        )


def _database(settings: CentralSettings) -> Iterator[FieldProblem]:
    if settings.database is None:
        if settings.database_password_file is not None:
            what = "there is no database server it would belong to"
            mend = "leave it out, or write central.database"
            yield FieldProblem("central.database_password_file", what, mend)
        return
    problem = _url_problem(settings.database)
    if problem is not None:
        yield FieldProblem("central.database", *problem)


def _url_problem(database: str) -> tuple[str, str] | None:
    """Say what is wrong with a database's address; what could be a password is not repeated."""
    try:
        url = make_url(database)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        return "cannot be read as a URL", _DATABASES
    if backend not in {"sqlite", "postgresql"} or "+" in url.drivername:
        return f"{url.drivername!r} is not a database this version works with", _DATABASES
    if backend == "sqlite":
        is_path = database.startswith("sqlite:///") and bool(url.database)
        return None if is_path else ("names no file", _DATABASES)
    if url.password is not None or "password" in url.query:
        return "has a password in it", (
            "write postgresql://USER@HOST/NAME, and put the password into the file of "
            f"central.database_password_file or into {DATABASE_VARIABLE}"
        )
    return None if url.database else ("names no database", _DATABASES)


_DATABASES = (
    'leave it out, or write "sqlite:////path/central.sqlite" or "postgresql://USER@HOST:PORT/NAME"'
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


def _credit_rules(settings: Settings) -> Iterator[FieldProblem]:
    seen: set[tuple[str, int]] = set()
    for index, rule in enumerate(settings.credit_rules):
        path = f"credit_rule[{index}]"
        if not rule.name or (rule.name, rule.version) in seen:
            what = f"{rule.label} is there twice" if rule.name else "is empty"
            yield FieldProblem(f"{path}.name", what, "give each rule its own name and version")
        if rule.valid_from and not _is_day(rule.valid_from):
            what = f"{rule.valid_from[:40]!r} is no day"
            yield FieldProblem(f"{path}.valid_from", what, 'write it as "2026-11-22"')
        if not 0 <= rule.kept <= WHOLE:
            what = f"{rule.kept} is no share"
            yield FieldProblem(f"{path}.kept", what, f"write basis points, 0 to {WHOLE}")
        if min(rule.days, *rule.days_of.values(), 0) < 0:
            yield FieldProblem(f"{path}.days", "less than none", "write 0 or more days")
        seen.add((rule.name, rule.version))


def _is_day(text: str) -> bool:
    try:
        return text == date.fromisoformat(text).isoformat()
    except ValueError:
        return False
