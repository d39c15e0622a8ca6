"""What can be wrong with a backup's medium, by what a person does about it."""

from __future__ import annotations

import errno
from pathlib import Path

from agent.core.faults import Fault

_MB = 1 << 20
_KEPT = "earlier backups are as they were"


class BackupFault(Fault):
    """No backup was made; selling goes on, and earlier backups are as they were."""

    name = "backup-failed"
    status = 503
    title = "No backup was made"


def of_os_error(problem: OSError, folder: Path) -> BackupFault:
    """Say what the medium would not do."""
    said = f"{folder}: {problem.strerror or problem}"
    if problem.errno in {errno.ENOENT, errno.ENOTDIR}:
        return BackupFault(
            f"{said}; {_KEPT}",
            remedy="plug the medium in and mount it, or name a folder that is there ([agent] "
            "backup_dir); the service has a /tmp of its own",
            name="backup-dir-missing",
        )
    if problem.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return medium_full(folder, 0, 0)
    if problem.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return BackupFault(
            f"{said}; {_KEPT}",
            remedy=f"let the user of till-agent write there (`chown till-agent {folder}`), and the "
            f"service too: `systemctl edit till-agent`, [Service], ReadWritePaths={folder}",
            name="backup-not-writable",
        )
    return medium_away(folder, problem.strerror or str(problem))


def medium_full(folder: Path, needed: int, free: int) -> BackupFault:
    """Say that the copy does not fit."""
    figures = f" ({needed // _MB} MB are needed, {free // _MB} MB are free)" if needed else ""
    return BackupFault(
        f"the medium of {folder} is full{figures}; {_KEPT}",
        remedy=f"make room on it (`df -h {folder}`), use a larger one, or keep fewer copies "
        "([agent] backup_keep)",
        name="backup-medium-full",
    )


def medium_away(folder: Path, why: str) -> BackupFault:
    """Say that the medium went away, or does not work."""
    return BackupFault(
        f"the medium of {folder} does not answer: {why}; {_KEPT}",
        remedy="plug it in again and mount it; if it stays like this, replace it (`dmesg`)",
        name="backup-medium-away",
    )


def copy_differs(folder: Path, why: str) -> BackupFault:
    """Say that what was read back is not what was written."""
    return BackupFault(
        f"the copy in {folder} is not what was written: {why}; it was removed, {_KEPT}",
        remedy="check the journal (`till-agent journal verify`); if it is intact, replace the "
        "medium",
        name="backup-differs",
    )


def backup_failed(folder: Path, why: str) -> BackupFault:
    """Say that SQLite could not make the copy."""
    return BackupFault(
        f"no copy could be written to {folder}: {why}; {_KEPT}",
        remedy="try again; check the medium and the journal's disk (`dmesg`, `df -h`)",
        name="backup-failed",
    )


def no_room_here(folder: Path) -> BackupFault:
    """Say that a copy on the journal's own disk would take the room of sales."""
    return BackupFault(
        f"{folder} is on the journal's own disk, which has no room for a copy",
        remedy="name a folder on a second medium ([agent] backup_dir): a USB stick, a share",
        name="backup-medium-full",
    )
