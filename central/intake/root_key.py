"""HQ's root key: signs credentials and acks, and lives outside the database.

A database restored from a backup has forgotten what it signed; the key has not, so the signature
under a till's evidence is still recognised (P5).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.signed import Verify
from agent.core.faults import Fault
from agent.core.privacy.keys import context, derived

PUBLIC_KEY_BYTES = 32
_OWNER_ONLY = 0o600


class RootKeyFault(Fault):
    """HQ's root key cannot be used; HQ does not start without it."""

    name = "root-key"
    title = "HQ's root key cannot be used"


class RootKey:
    """An Ed25519 key (RFC 8032) in a file only its owner reads."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        """Keep the key; see `open` for the file."""
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def open(cls, path: Path) -> RootKey:
        """Read the key file.

        Raises:
            RootKeyFault: not there, readable by others, or no key.
        """
        try:
            mode = path.stat().st_mode
            text = path.read_bytes()
        except OSError as error:
            raise RootKeyFault(
                f"the root key {path} cannot be read: {error.strerror}",
                remedy="restore it from where it was kept apart from the database; without it "
                "every till would have to be enrolled again",
            ) from error
        if stat.S_IMODE(mode) & ~_OWNER_ONLY:
            raise RootKeyFault(
                f"the root key {path} can be read by others (mode {stat.S_IMODE(mode):04o})",
                remedy=f"chmod 600 {path}",
            )
        return cls(_parsed(path, text))

    @classmethod
    def create(cls, path: Path) -> RootKey:
        """Make a new key and its file, durable before it is first used.

        Raises:
            RootKeyFault: the file exists or cannot be written.
        """
        key = cls(Ed25519PrivateKey.generate())
        try:
            _write(path, key._pem())
        except OSError as error:
            raise RootKeyFault(
                f"the root key {path} cannot be made: {error.strerror}",
                remedy="make its directory writable for the user till-central runs as",
            ) from error
        return key

    def sign(self, message: bytes) -> bytes:
        """Sign (64 bytes); a `core.exchange.signed.Sign`."""
        return self._private.sign(message)

    def derive(self, purpose: str) -> bytes:
        """Make a secret of 32 bytes for another use, which says nothing of the key itself."""
        seed = self._private.private_bytes_raw()
        return derived(seed, context("root key", purpose))

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Tell whether this key signed; a `core.exchange.signed.Verify`."""
        return verifier(self.public)(signature, message)

    def _pem(self) -> bytes:
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def master_of(key: RootKey) -> Master:
    """Give what the keys of all replicas are made of."""
    return Master(key.derive("replicas"))


def verifier(public_key: bytes) -> Verify:
    """Make a check of signatures by a raw Ed25519 public key; bad keys verify nothing."""

    def verify(signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify


def _parsed(path: Path, text: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise _no_key(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def _no_key(path: Path) -> RootKeyFault:
    return RootKeyFault(
        f"{path} does not hold an Ed25519 private key", remedy="restore the file from its copy"
    )


def _write(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(path, flags, _OWNER_ONLY)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
