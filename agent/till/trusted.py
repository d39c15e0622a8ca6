"""The keys this till trusts: its own, those of wallet passes it holds, those HQ has published."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
import structlog

from agent.core.history import Pass
from agent.core.recognition import TotpKey
from agent.core.recognition.receipt_seal import TillKey, key_rule
from agent.core.recognition.signed_text import key_id

RULE = "signing_keys"
"""The rule HQ publishes them under."""

log = structlog.get_logger(__name__)


class SigningKeys(msgspec.Struct, frozen=True):
    """Ed25519 public keys in hexadecimal, by what they may sign."""

    wallet: tuple[str, ...] = ()
    """Of the chain's own pages and app: they show passes of anybody."""


_Read = TypeVar("_Read", SigningKeys, TillKey)


class Trusted:
    """The keys, asked for one at a time: `core.recognition.proofs.Keys`."""

    def __init__(
        self,
        rule: Callable[[str], bytes | None],
        passes: Iterable[Pass],
        own: bytes | None = None,
    ) -> None:
        """Take what is held: HQ's rules by name, the passes in question, the key of this device."""
        self._rule = rule
        self._own = own
        self._passes = {each.pass_id: each for each in passes}

    def totp(self, pass_id: str) -> TotpKey | None:
        """Find the secret of a pass; None where its card is not held here."""
        held = self._passes.get(pass_id)
        if held is None or not held.secret:
            return None
        try:
            return TotpKey(bytes.fromhex(held.secret))
        except ValueError as error:
            log.warning("a wallet pass cannot be checked", why=str(error))
            return None

    def public(self, key_id: str, pass_id: str | None) -> bytes | None:
        """Find a public key by its name; that of a pass's own phone is good for that pass alone."""
        if pass_id is None:
            return self._till(key_id)
        named = _named(self._published(RULE, SigningKeys()).wallet)
        own = self._passes.get(pass_id)
        if own is not None and own.key:
            named |= _named((own.key,))
        return named.get(key_id)

    def _till(self, name: str) -> bytes | None:
        """Find the key a till signs its receipts with: this one's, or what HQ has published."""
        own = self._own
        if own is not None and key_id(own) == name:
            return own
        said = self._published(key_rule(name), TillKey(""))
        return _named((said.public,)).get(name) if said.public else None

    def _published(self, rule: str, nothing: _Read) -> _Read:
        body = self._rule(rule)
        try:
            return nothing if body is None else msgspec.json.decode(body, type=type(nothing))
        except msgspec.MsgspecError as error:
            log.warning("what HQ has published cannot be read", rule=rule, why=str(error))
            return nothing


def _named(keys: Iterable[str]) -> dict[str, bytes]:
    """Name keys; what is no key is passed over."""
    named: dict[str, bytes] = {}
    for text in keys:
        try:
            named[key_id(bytes.fromhex(text))] = bytes.fromhex(text)
        except ValueError:
            log.warning("a published signing key is no hexadecimal")
    return named
