"""Whose daemon it is: the user the service runs as, and what that user may."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

import msgspec

from agent.daemon.doctor.processes import groups_of

SERVICE_USER = "till-agent"
RULES = "put systemd/70-till-agent.rules into /etc/udev/rules.d and plug the device in again"
_READ_WRITE = 0o6


class ServiceUser(msgspec.Struct, frozen=True):
    """The owner of the state directory, which is who the daemon runs as."""

    name: str
    uid: int
    groups: frozenset[int]


def service_user(state_dir: Path, daemon_pid: int | None = None) -> ServiceUser:
    """Tell who the daemon runs as.

    A running daemon's groups are its own, since the unit may add some; else the user database's.
    Where there is no state directory yet it is the user that the installation makes, or this one.
    """
    try:
        uid = state_dir.stat().st_uid
    except OSError:
        uid = _installed_uid()
    name = user_name(uid)
    groups = groups_of(daemon_pid) if daemon_pid else set()
    return ServiceUser(name, uid, frozenset(groups or _groups_by_name(name)))


def may_use(path: Path, user: ServiceUser) -> bool:
    """Tell whether a user may read and write a file or device.

    Raises:
        OSError: it is not there.
    """
    found = path.stat()
    if user.uid == 0:
        return True
    if found.st_uid == user.uid:
        return _allows(found.st_mode >> 6)
    if found.st_gid in user.groups:
        return _allows(found.st_mode >> 3)
    return _allows(found.st_mode)


def how_to_allow(path: Path, user: ServiceUser) -> tuple[str, str]:
    """Say why a user may not use a device, and what to do; a group is named where one would do."""
    found = path.stat()
    group = group_name(found.st_gid)
    mode = stat.filemode(found.st_mode)
    said = f"{path} belongs to {user_name(found.st_uid)}:{group} ({mode}), and {user.name} may not"
    if _allows(found.st_mode >> 3):
        return (
            f"{said} use it, not being in the group {group}",
            f"usermod --append --groups {group} {user.name}; systemctl restart till-agent",
        )
    return f"{said} use it", RULES


def user_name(uid: int) -> str:
    """Name a user; the number where it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """Name a group; the number where it has no name."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _allows(mode: int) -> bool:
    return mode & _READ_WRITE == _READ_WRITE


def _installed_uid() -> int:
    try:
        return pwd.getpwnam(SERVICE_USER).pw_uid
    except KeyError:
        return os.geteuid()


def _groups_by_name(name: str) -> set[int]:
    try:
        return set(os.getgrouplist(name, pwd.getpwnam(name).pw_gid))
    except KeyError:
        return set()
