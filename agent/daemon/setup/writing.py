"""Putting the settings in place: whole or not at all, and the file before is kept."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from contextlib import suppress
from pathlib import Path

from agent.core.faults import InputFault
from agent.daemon.checked import load_checked
from agent.daemon.doctor.service import SERVICE_USER
from agent.settings import Settings, SettingsFault

MODE = 0o640
STATE_MODE = 0o700


def write_settings(config: Path, text: str) -> Settings:
    """Write the settings file if it is good; the file before becomes `.bak`.

    The service's group may read it, and nobody else: a proxy's password may stand in it.

    Raises:
        InputFault: the answers do not make good settings, or the file cannot be written.
    """
    try:
        return _write(config, text)
    except OSError as error:
        raise InputFault(
            f"{config} cannot be written: {error.strerror}",
            remedy="run as root: till-agent setup; or name another file with --config",
            name="not-writable",
        ) from error


def _write(config: Path, text: str) -> Settings:
    config.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    fresh = config.with_name(config.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        settings = _checked(fresh)
        _let_the_service_read(fresh)
        if config.exists():
            shutil.copy2(config, backup_of(config))
        fresh.rename(config)
    finally:
        fresh.unlink(missing_ok=True)
    return settings


def backup_of(config: Path) -> Path:
    """Name the copy of the settings before."""
    return config.with_name(config.name + ".bak")


def _checked(fresh: Path) -> Settings:
    try:
        return load_checked(fresh)
    except SettingsFault as fault:
        lines = [f"  {found.path}: {found.detail}; {found.remedy}" for found in fault.problems]
        raise InputFault(
            "\n".join(["these answers do not make good settings:", *lines]),
            remedy="answer again; beforehand with --set KEY=VALUE",
            name="bad-answers",
        ) from fault


def _let_the_service_read(fresh: Path) -> None:
    fresh.chmod(MODE)
    with suppress(KeyError, PermissionError):  # not installed here, or not run as root
        os.chown(fresh, -1, grp.getgrnam(SERVICE_USER).gr_gid)


def make_state_dir(directory: Path) -> bool:
    """Make the service's state directory where it is missing; tell whether it is there now."""
    if directory.is_dir():
        return True
    try:
        directory.mkdir(mode=STATE_MODE, parents=True)
        with suppress(KeyError):
            user = pwd.getpwnam(SERVICE_USER)
            os.chown(directory, user.pw_uid, user.pw_gid)
    except OSError:
        return False
    return True
