"""The keys of the sealed replica at a till: HQ's, by scope and generation, and one of its own.

HQ's keys come in an envelope for this device and are kept in a file beside the directory, encrypted
under the key of this machine: 32 bytes that the daemon is given from outside the state directory.
Whoever has the state directory alone has neither (P9). The till's own key, for people enrolled
here whom HQ has not told of yet, is made of the machine's key and lies nowhere.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.core.identifiers import PartyId, PrintId, SaleId
from agent.core.privacy import conceal, reveal, seal_account, seal_enrolment, seal_words
from agent.core.privacy.envelopes import suite
from agent.core.privacy.keys import (
    COST_LOG2_MAX,
    COST_LOG2_MIN,
    STRETCHING,
    ScopeKey,
    ScopeKeys,
    Stretching,
    context,
    derived,
    keys_of,
)
from agent.directory.faults import DirectoryFault

LOCAL = "local"
"""Stands for a scope where a row is sealed with the till's own key."""
KEY_BYTES = 32
_OWN, _CHAIN = 1, 2
"""Generations of the till's own key: under its own pepper, and under the chain's."""
_NONCE_BYTES = 12
_PURPOSE = context("keyring")
_OWNER_ONLY = 0o600

Pepper = tuple[bytes, Stretching]
"""What a stretch depends on besides the identifier."""


class _Kept(msgspec.Struct, frozen=True):
    """What the file holds."""

    keys: tuple[ScopeKey, ...] = ()
    enrolment_key: bytes = b""


class Keyring:
    """All keys this till has.

    Attributes:
        trouble: why the file of HQ's keys could not be used; empty while it could.
    """

    def __init__(self, machine_key: bytes, path: Path | None = None) -> None:
        """Read what is kept.

        Args:
            machine_key: 32 bytes, from outside the state directory.
            path: where HQ's keys are kept; None: nowhere, they are asked for at each start.

        Raises:
            ValueError: the machine's key has not 32 bytes.
        """
        if len(machine_key) != KEY_BYTES:
            raise ValueError(f"the machine's key has {KEY_BYTES} bytes, not {len(machine_key)}")
        self._machine_key, self._path = machine_key, path
        self.trouble = ""
        self._kept = self._read()

    @classmethod
    def passing(cls) -> Keyring:
        """Make one that is gone with the program, and with it whoever was enrolled meanwhile."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def enrolment_key(self) -> bytes:
        """HQ's X25519 public key, which enrolments are sealed to; empty before HQ gave it."""
        return self._kept.enrolment_key

    @property
    def is_empty(self) -> bool:
        """Tell whether HQ has given none yet."""
        return not self._kept.keys

    def take(self, keys: Sequence[ScopeKey], enrolment_key: bytes) -> list[str]:
        """Keep what HQ gives now, in the place of what it gave before.

        Returns:
            The scopes of which there is a newer generation than before.

        Raises:
            DirectoryFault: `keys-unusable`: the keys before stay; or they cannot be written, and
                hold until the program ends.
        """
        _require_usable(keys, enrolment_key)
        before = {key.scope: key.generation for key in sorted(self._kept.keys, key=_generation)}
        now = {key.scope: key.generation for key in sorted(keys, key=_generation)}
        kept = _Kept(tuple(keys), enrolment_key)
        if kept != self._kept:
            self._kept = kept
            self._write()
        return [scope for scope, held in before.items() if now.get(scope, held) > held]

    @property
    def scopes(self) -> frozenset[str]:
        """Name the scopes that HQ has given keys of."""
        return frozenset(key.scope for key in self._kept.keys)

    def of(self, scope: str, generation: int) -> ScopeKey | None:
        """Give the key that rows of a scope and generation are sealed with, if it is here."""
        if scope == LOCAL:
            return self._own() if generation == _OWN else self._under_chain()
        held = (key for key in self._kept.keys if key.scope == scope)
        return next((key for key in held if key.generation == generation), None)

    def seal(self, text: bytes, party_id: PartyId) -> bytes | None:
        """Close what somebody said for HQ, so that this machine cannot read it either.

        Returns:
            None where HQ has not given its key yet.
        """
        if not self.enrolment_key:
            return None
        return seal_enrolment(_seal, text, self.enrolment_key, party_id)

    def seal_account(self, reference: str, sale_id: SaleId) -> bytes | None:
        """Close for HQ which account a tender came from; None where HQ has not given its key."""
        if not self.enrolment_key:
            return None
        return seal_account(_seal, reference, self.enrolment_key, sale_id)

    def seal_words(self, words: str, fact: Sequence[str]) -> bytes | None:
        """Close for HQ what was written about a customer; None where HQ has not given its key."""
        if not self.enrolment_key:
            return None
        return seal_words(_seal, words, self.enrolment_key, fact)

    def draw(self, party_id: PartyId, number: int, size: int) -> bytes:
        """Draw bytes, up to 32, that are the same for the same party and number on this machine."""
        return derived(self._machine_key, context("draw", party_id, number))[:size]

    def conceal(self, paper: bytes, print_id: PrintId) -> bytes:
        """Encipher a paper that waits for its printer: this machine alone reads it."""
        return conceal(self._machine_key, f"print/{print_id}", paper)

    def reveal(self, kept: bytes, print_id: PrintId) -> bytes:
        """Decipher a paper that waited.

        Raises:
            KeptUnreadable: the machine's key is another one by now.
        """
        return reveal(self._machine_key, f"print/{print_id}", kept)

    def own(self) -> ScopeKey:
        """Give the key that people enrolled here are sealed with now.

        Under the chain's pepper where it is known, so that a look-up stretches once.
        """
        return self._under_chain() or self._own()

    def _own(self) -> ScopeKey:
        pepper = derived(self._machine_key, context("own pepper"))
        return ScopeKey(LOCAL, _OWN, self._secret(), pepper, STRETCHING)

    def _under_chain(self) -> ScopeKey | None:
        chain = next(iter(self._kept.keys), None)
        if chain is None:
            return None
        return ScopeKey(LOCAL, _CHAIN, self._secret(), chain.pepper, chain.stretching)

    def _secret(self) -> bytes:
        return derived(self._machine_key, context("own secret"))

    def _cipher(self) -> AESGCM:
        return AESGCM(derived(self._machine_key, _PURPOSE))

    def _read(self) -> _Kept:
        if self._path is None or not self._path.exists():
            return _Kept()
        try:
            held = self._path.read_bytes()
            nonce, text = held[:_NONCE_BYTES], held[_NONCE_BYTES:]
            return msgspec.json.decode(self._cipher().decrypt(nonce, text, _PURPOSE), type=_Kept)
        except (OSError, ValueError, InvalidTag, msgspec.MsgspecError) as error:
            self.trouble = (
                f"the keys in {self._path} do not open with this machine's key "
                f"({str(error) or type(error).__name__}): HQ is asked for them again, and whoever "
                "was enrolled here is recognised once HQ has them"
            )
            return _Kept()

    def _write(self) -> None:
        if self._path is None:
            return
        nonce = secrets.token_bytes(_NONCE_BYTES)
        text = self._cipher().encrypt(nonce, msgspec.json.encode(self._kept), _PURPOSE)
        new = self._path.with_name(self._path.name + ".new")
        try:
            new.unlink(missing_ok=True)
            _keep(new, nonce + text)
            new.replace(self._path)
        except OSError as error:
            raise DirectoryFault(
                f"the keys of this till's customers cannot be kept at {self._path}: "
                f"{error.strerror}",
                remedy=f"check that {self._path.parent} belongs to the agent's user and has room; "
                "until then they are asked for at each start",
            ) from error


def _require_usable(keys: Sequence[ScopeKey], enrolment_key: bytes) -> None:
    """Refuse what would raise at every look-up: items are scanned beside customers.

    Raises:
        DirectoryFault: `keys-unusable`.
    """
    if len(enrolment_key) == KEY_BYTES and all(map(_is_usable, keys)):
        return
    raise DirectoryFault(
        "HQ's keys of this till's customers are made for another version of the agent",
        remedy="update the agent to HQ's version; until then the keys before are used",
        name="keys-unusable",
    )


def _is_usable(key: ScopeKey) -> bool:
    cost = COST_LOG2_MIN <= key.stretching.cost_log2 <= COST_LOG2_MAX
    return cost and {len(key.secret), len(key.pepper)} == {KEY_BYTES}


def _seal(receiver: bytes, text: bytes, purpose: bytes) -> bytes:
    return suite().encrypt(text, X25519PublicKey.from_public_bytes(receiver), info=purpose)


@lru_cache(maxsize=64)
def uses_of(key: ScopeKey) -> ScopeKeys:
    """Make the keys of a scope for each use; once, since every look-up needs them."""
    return keys_of(key)


def _generation(key: ScopeKey) -> int:
    return key.generation


def _keep(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
