"""The key of this machine, by which its customers' cards open: it lies outside the state directory.

Whoever takes the state directory, a backup of it or its disk without this file reads nobody's name
(P9). Where systemd hands the program a credential (`till-agent.key`, sealed to the machine's TPM by
`systemd-creds encrypt`), that one counts, and no file is needed.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from agent.core.faults import Fault
from agent.core.privacy.keys import context, derived
from agent.daemon.files import state_dir
from agent.settings import Settings

CREDENTIAL = "till-agent.key"
FILE_NAME = "machine.key"
KEY_BYTES = 32
_OWNER_READS = 0o400
_OWNER_ONLY = 0o700
_OTHERS = 0o077


class MachineKeyFault(Fault):
    """The machine's key cannot be used; nobody could be recognised without it."""

    name = "machine-key"
    title = "The key of this machine cannot be used"


class MachineKey(msgspec.Struct, frozen=True):
    """The key, and where it came from."""

    secret: bytes
    place: Path
    is_sealed: bool
    """Handed in by systemd: a stolen disk does not hold it in the clear."""
    is_inside: bool = False
    """In the state directory itself, since there was no other place: it protects nothing."""

    def __repr__(self) -> str:
        """Show where it is and nothing of it."""
        return f"<MachineKey {self.place}>"


def machine_key(settings: Settings) -> MachineKey:
    """Read the machine's key, making it at the first start.

    Raises:
        MachineKeyFault: it is there and cannot be used, or cannot be made anywhere.
    """
    if (handed := _credential()) is not None:
        return MachineKey(_secret(handed), handed, is_sealed=True)
    outside, inside = places(settings)
    for path in (outside, inside):
        if path.exists():
            return MachineKey(_secret(path), path, is_sealed=False, is_inside=path == inside)
    try:
        _make(outside)
    except OSError:
        return _made_inside(inside)
    return MachineKey(_secret(outside), outside, is_sealed=False)


def places(settings: Settings) -> tuple[Path, Path]:
    """Name the file beside the state directory, and the one in it that is the last resort."""
    return beside(state_dir(settings))


def beside(directory: Path) -> tuple[Path, Path]:
    """Name the places of the key of a state directory; see `places`."""
    directory = directory.absolute()
    return directory.with_name(directory.name + "-key") / FILE_NAME, directory / FILE_NAME


def _made_inside(path: Path) -> MachineKey:
    try:
        _make(path)
    except OSError as error:
        raise _unusable(path, str(error.strerror)) from error
    return MachineKey(_secret(path), path, is_sealed=False, is_inside=True)


def _credential() -> Path | None:
    handed = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(handed) / CREDENTIAL if handed else None
    return path if path is not None and path.exists() else None


def _secret(path: Path) -> bytes:
    try:
        content, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise _unusable(path, str(error.strerror)) from error
    if len(content) < KEY_BYTES:
        raise _unusable(path, f"it has {len(content)} bytes and not {KEY_BYTES}")
    if mode & _OTHERS:
        raise _unusable(path, "others can read it")
    return derived(content, context("machine key"))


def _make(path: Path) -> None:
    path.parent.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_READS)
    try:
        os.write(descriptor, secrets.token_bytes(KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unusable(path: Path, why: str) -> MachineKeyFault:
    return MachineKeyFault(
        f"the machine's key {path} cannot be used: {why}",
        remedy=f"make it a file of the agent's user with mode 0400; if it is lost, remove {path}: "
        "a new one is made, and HQ sends every customer again",
    )
