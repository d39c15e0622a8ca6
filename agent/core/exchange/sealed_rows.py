"""A party as it travels: HQ seals its card for the scope and generation of whoever reads the feed.

HQ keeps the card and the identifiers themselves (`wire.PartyRow`), and seals them as it tells them,
so that a new generation of a scope's key costs nothing but reading again. All that HQ needs for it
is made of one secret (`Master`), which lies outside its database as its root key does: an HQ put
back to a backup seals as it did before.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable

import msgspec

from agent.core.exchange.packing import packed, unpacked
from agent.core.exchange.wire import PartyRow, SealedRow
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.privacy import (
    Layer,
    Opened,
    Opener,
    ScopeKey,
    ScopeKeys,
    Stretching,
    seal_card,
    sealing_layer,
)
from agent.core.privacy.keys import STRETCHING, context, derived
from agent.core.privacy.sealing import CONTENT_KEY_BYTES
from agent.core.recognition import Identifier, RecognitionRules

_json = msgspec.json.Encoder(order="deterministic").encode
_card = msgspec.json.Decoder(Card).decode
_FINGERPRINT_BYTES = 16


class Master(msgspec.Struct, frozen=True):
    """What HQ makes every key of the replicas of; it never leaves HQ."""

    seed: bytes
    """32 bytes, of HQ's root key."""
    stretching: Stretching = STRETCHING

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "<Master>"

    @property
    def pepper(self) -> bytes:
        """The chain's: the same in every scope, so that an identifier is stretched once."""
        return derived(self.seed, context("pepper"))

    @property
    def enrolment(self) -> bytes:
        """The private X25519 key that enrolments made offline are sealed to."""
        return derived(self.seed, context("enrolment key"))

    def key(self, scope: str, generation: int) -> ScopeKey:
        """Make the key of a scope's generation."""
        secret = derived(self.seed, context("scope", scope, generation))
        return ScopeKey(scope, generation, secret, self.pepper, self.stretching)

    def fingerprint(self, identifier: Identifier) -> str:
        """Name an identifier where its stretch is kept: hexadecimal, and nothing without the seed.

        The cost is in it, so that a stretch of another cost is not taken for it.
        """
        told = context("fingerprint", identifier.type.value, self.stretching.cost_log2)
        said = told + b"\0" + identifier.value.encode()
        return hmac.digest(self.seed, said, "sha256")[:_FINGERPRINT_BYTES].hex()

    def content_key(self, scope: str, generation: int, party_id: str, ver: int) -> bytes:
        """Make the key of one version of one card: HQ alone can make it again."""
        told = context("content", scope, generation, party_id, ver)
        return derived(self.seed, told)[:CONTENT_KEY_BYTES]


class _Name(msgspec.Struct, frozen=True, array_like=True):
    """What a weak identifier opens; a till holds a million of these."""

    name: str
    tier: str | None = None


_name = msgspec.json.Decoder(_Name).decode


def sealed_row(
    keys: ScopeKeys,
    row: PartyRow,
    ver: int,
    stretch_of: Callable[[Identifier], bytes],
    content_key: bytes,
    rules: RecognitionRules,
) -> SealedRow:
    """Seal a party for one scope.

    Args:
        keys: of the scope.
        row: as HQ keeps it.
        ver: of the change.
        stretch_of: gives the stretch of each identifier in it.
        content_key: 16 bytes, of this version alone.
        rules: by which a card number is told to be one of this product's own.

    Raises:
        msgspec.MsgspecError: the card in it cannot be read.
    """
    card = _card(row.card)
    openers = openers_of(row.identifiers, stretch_of, rules)
    sealed = seal_card(keys, card.party_id, ver, layers_of(card), openers, content_key)
    return SealedRow(keys.generation, sealed, card.ver)


def openers_of(
    identifiers: Iterable[Identifier],
    stretch_of: Callable[[Identifier], bytes],
    rules: RecognitionRules,
) -> list[Opener]:
    """Say of each identifier what it opens."""
    return [Opener(stretch_of(one), sealing_layer(one, rules)) for one in identifiers]


def layers_of(card: Card) -> tuple[bytes, bytes]:
    """Write what a weak identifier opens of a card, and what a strong one does.

    The party stands in the row; the card itself is packed (`packing`).
    """
    rest = packed(_json(msgspec.structs.replace(card, party_id=PartyId(""))))
    return _json(_Name(short_name(card.name), card.tier)), rest


def card_from(party_id: PartyId, opened: Opened) -> Card | None:
    """Read a card as far as it was opened.

    Raises:
        msgspec.MsgspecError: a later version wrote it.
    """
    if opened.layer is Layer.NOTHING:
        return None
    if opened.layer is Layer.WHOLE:
        return msgspec.structs.replace(_card(unpacked(opened.text)), party_id=party_id)
    held = _name(opened.text)
    return Card(party_id=party_id, name=held.name, tier=held.tier)


def short_name(name: str) -> str:
    """Shorten a name to what greets a person and finds nobody.

    >>> short_name("Ada Augusta King"), short_name("Ada")
    ('Ada K.', 'Ada')
    """
    words = name.split()
    return f"{words[0]} {words[-1][0]}." if len(words) > 1 else "".join(words)
