"""The state directory: is it there, whose is it, who may look into it, is there room."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from agent.core.faults import Fault
from agent.daemon.control import TOKEN_FILE
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.daemon.doctor.service import ServiceUser, user_name
from agent.journal.database import SQLITE_FOUND, SQLITE_MIN, check_version
from agent.journal.device_key import FILE_NAME as DEVICE_KEY

FREE_BYTES_MIN = 500 * 1024 * 1024
"""Months of sales; but also less than what a log gone wild fills in a day."""
SANE_YEAR = 2024
"""A machine without a battery for its clock begins in 1970."""
_OTHERS = 0o077
_MEGABYTE = 1024 * 1024


def sqlite() -> Finding:
    """Check that SQLite is one that does not corrupt a journal."""
    needed = ".".join(str(part) for part in SQLITE_MIN)
    try:
        check_version()
    except Fault as fault:
        return from_fault("sqlite", fault)
    return well("sqlite", f"SQLite {SQLITE_FOUND}; {needed} or later is needed")


def clock() -> Finding:
    """Note a clock that is plainly wrong; it decides nothing (P11), but receipts show it."""
    now = time.gmtime()
    shown = time.strftime("%Y-%m-%d %H:%M UTC", now)
    if now.tm_year >= SANE_YEAR:
        return well("clock", f"it is {shown}")
    return well(
        "clock",
        f"the clock says {shown}; sales are safe, but receipts show this date",
        "set it: timedatectl set-ntp true",
    )


def directory(path: Path, user: ServiceUser) -> Iterator[Finding]:
    """Check the state directory, what lies in it, and the room it has."""
    name = "state directory"
    try:
        found = path.stat()
    except FileNotFoundError:
        yield _missing(name, path, user)
        return
    except OSError as error:
        yield ill(name, f"{path}: {error.strerror}", "run as root: till-agent doctor")
        return
    yield _rights(name, path, found, user)
    if not stat.S_ISDIR(found.st_mode):
        return
    if os.access(path, os.R_OK | os.X_OK):
        yield _owners(path, found.st_uid)
        yield _key(path / DEVICE_KEY)
    else:
        yield ill(
            "state files", f"this user may not look into {path}", "run as root: till-agent doctor"
        )
    yield _room(path)


def _missing(name: str, path: Path, user: ServiceUser) -> Finding:
    return ill(
        name,
        f"{path} does not exist",
        f"make it: install -d -m 0700 -o {user.name} -g {user.name} {path}; or set "
        "[agent] state_dir",
    )


def _rights(name: str, path: Path, found: os.stat_result, user: ServiceUser) -> Finding:
    owner, mode = user_name(found.st_uid), stat.filemode(found.st_mode)
    if not stat.S_ISDIR(found.st_mode):
        return ill(name, f"{path} is no directory", "set [agent] state_dir to a directory")
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return ill(
            name,
            f"the disk of {path} is mounted read-only",
            "look for disk trouble (dmesg), then: mount -o remount,rw",
        )
    if found.st_mode & stat.S_IRWXU != stat.S_IRWXU:
        return ill(name, f"{owner} may not write in {path} ({mode})", f"chmod 0700 {path}")
    if found.st_mode & _OTHERS:
        return ill(name, f"others than {owner} may look into {path} ({mode})", f"chmod 0700 {path}")
    return well(name, f"{path} belongs to {user.name} alone")


def _owners(path: Path, uid: int) -> Finding:
    """A file that another user made, most often root, locks the daemon out."""
    foreign = sorted(each.name for each in path.iterdir() if each.lstat().st_uid != uid)
    if foreign:
        owner = user_name(uid)
        return ill(
            "state files",
            f"{', '.join(foreign)} in {path} do not belong to {owner}",
            f"chown -R --reference={path} {path}",
        )
    return well("state files", f"all belong to {user_name(uid)}")


def _key(path: Path) -> Finding:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if (path.parent / TOKEN_FILE).exists():
            return ill(
                "device key",
                f"{path} is missing, though the daemon has run here",
                "restore it from a backup of the state directory; the journals are bound to it",
            )
        return well("device key", "none yet; the first start makes it")
    if mode & _OTHERS:
        return ill("device key", f"others may read {path}", f"chmod 600 {path}; then enrol anew")
    return well("device key", f"{path} is readable by its owner alone")


def _room(path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    said = f"{free // _MEGABYTE} MB free on the disk of {path}"
    if free < FREE_BYTES_MIN:
        return ill("disk", said, f"make room: du -xh --max-depth=2 / | sort -h; df -h {path}")
    return well("disk", said)
