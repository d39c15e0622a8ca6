"""How the HQ in memory seals: as the real one, with a stretch that costs little."""

from __future__ import annotations

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from agent.core.exchange.cursors import PARTY_KEY
from agent.core.exchange.granting import SignedKeys, make_keys
from agent.core.exchange.replica import PUT
from agent.core.exchange.sealed_rows import Master, sealed_row
from agent.core.exchange.wire import FeedItem, PartyRow
from agent.core.privacy import Stretching, keys_of, stretch
from agent.core.privacy.envelopes import suite
from agent.core.privacy.keys import COST_LOG2_MIN, context, derived
from agent.core.recognition import Identifier, RecognitionRules

_RULES = RecognitionRules(card_prefixes=("LC",))
_row = msgspec.json.Decoder(PartyRow).decode


class MemorySealing:
    """Seals parties and gives the keys.

    Attributes:
        generations: scope → generation of its key, where it is not the first.
    """

    def __init__(self, root: Ed25519PrivateKey) -> None:
        """Make every key of HQ's root key."""
        seed = derived(root.private_bytes_raw(), context("memory"))
        self.master = Master(seed, Stretching(cost_log2=COST_LOG2_MIN))
        self.generations: dict[str, int] = {}
        self._root = root
        self._stretches: dict[Identifier, bytes] = {}

    def closed(self, scope: str, change: FeedItem) -> FeedItem:
        """Seal a party; anything else, and what is no party, stays as it is."""
        if change.op != PUT or not change.key.startswith(PARTY_KEY):
            return change
        try:
            return msgspec.structs.replace(change, body=self._body(scope, change))
        except msgspec.MsgspecError:
            return change

    def grant(self, device_key: bytes, scopes: tuple[str, ...]) -> SignedKeys:
        """Give a device its keys."""
        numbers = [(scope, self.generations.get(scope, 1)) for scope in scopes]
        keys = [self.master.key(*each) for each in numbers]
        own = X25519PrivateKey.from_private_bytes(self.master.enrolment)
        public = own.public_key().public_bytes_raw()
        return make_keys(self._root.sign, _seal, device_key, keys, public)

    def _body(self, scope: str, change: FeedItem) -> msgspec.Raw:
        number = self.generations.get(scope, 1)
        party_id = change.key.removeprefix(PARTY_KEY)
        sealed = sealed_row(
            keys_of(self.master.key(scope, number)),
            _row(change.body),
            change.ver,
            self._stretch,
            self.master.content_key(scope, number, party_id, change.ver),
            _RULES,
        )
        return msgspec.Raw(msgspec.json.encode(sealed))

    def _stretch(self, identifier: Identifier) -> bytes:
        held = self._stretches.get(identifier)
        if held is None:
            held = stretch(identifier, self.master.pepper, self.master.stretching)
            self._stretches[identifier] = held
        return held


def _seal(receiver: bytes, text: bytes, purpose: bytes) -> bytes:
    return suite().encrypt(text, X25519PublicKey.from_public_bytes(receiver), info=purpose)
