"""The device's own key: made at the first start, never leaving the state directory.

Journals are bound to it from their genesis on, and it signs what is sent to HQ (Ed25519,
RFC 8032).
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.journal.faults import JournalUnusable
from agent.journal.preparation import check_directory

FILE_NAME = "device.key"
NEXT_NAME = "device.key.next"
"""Of a renewal that is under way; see `agent.journal.renewals`."""
KEYID_LENGTH = 32
_OTHERS = 0o077


class DeviceKey(msgspec.Struct, frozen=True):
    """The key pair, and the name HQ knows it by."""

    private: Ed25519PrivateKey
    public_bytes: bytes
    """32 bytes."""
    keyid: str
    """The first 32 hexadecimal digits of the SHA-256 of the public key."""


def load_or_create(state_dir: Path) -> DeviceKey:
    """Read the device key of a state directory, making it where there is none yet.

    Raises:
        JournalUnusable: the directory or the key file cannot be used.
    """
    check_directory(state_dir)
    path = state_dir / FILE_NAME
    if not path.exists():
        _create(path)
    return _device_key(_load(path))


def load_or_create_next(state_dir: Path) -> DeviceKey:
    """Read the key that is to take over, making it where there is none yet.

    The same one is offered until it has taken over, so that a renewal that was cut off goes on.

    Raises:
        JournalUnusable: the directory or the key file cannot be used.
    """
    check_directory(state_dir)
    path = state_dir / NEXT_NAME
    if not path.exists():
        _create(path)
    return _device_key(_load(path))


def load_next(state_dir: Path) -> DeviceKey | None:
    """Read the key that is to take over; None where no renewal has begun.

    Raises:
        JournalUnusable: the key file cannot be used.
    """
    path = state_dir / NEXT_NAME
    return _device_key(_load(path)) if path.exists() else None


def drop_next(state_dir: Path) -> None:
    """Let go of a next key that nobody has been told of."""
    (state_dir / NEXT_NAME).unlink(missing_ok=True)
    _sync(state_dir)


def take_over(state_dir: Path) -> None:
    """Put the next key in the place of the present one, in one step that outlives a power cut."""
    (state_dir / NEXT_NAME).rename(state_dir / FILE_NAME)
    _sync(state_dir)


def passing_key() -> DeviceKey:
    """Make a key that is kept nowhere."""
    return _device_key(Ed25519PrivateKey.generate())


def keyid(public_bytes: bytes) -> str:
    """Name a public key.

    >>> keyid(bytes(32))
    '66687aadf862bd776c8fc18b8e9f8e20'
    """
    return sha256(public_bytes).hexdigest()[:KEYID_LENGTH]


def _device_key(private: Ed25519PrivateKey) -> DeviceKey:
    public = private.public_key().public_bytes_raw()
    return DeviceKey(private=private, public_bytes=public, keyid=keyid(public))


def _create(path: Path) -> None:
    """Write the key in one step: a power cut leaves a whole key or none."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    _sync(path.parent)


def _sync(state_dir: Path) -> None:
    directory = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        if path.stat().st_mode & _OTHERS:
            raise _unusable(f"{path} can be read by others", f"`chmod 600 {path}`")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as problem:
        raise _unusable(
            f"{path} is not a readable key: {problem}",
            "restore it from a backup of the state directory; the journals are bound to it",
        ) from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(f"{path} is not an Ed25519 key", "restore the key the agent made")
    return key


def _unusable(detail: str, remedy: str) -> JournalUnusable:
    return JournalUnusable(detail, remedy=remedy, name="device-key")
