"""What tests seal parties with: keys of their own, and a stretch that costs two milliseconds."""

from __future__ import annotations

from functools import cache

import msgspec

from agent.core.exchange.sealed_rows import Master, sealed_row
from agent.core.exchange.wire import PartyRow, SealedRow
from agent.core.history.model import Card
from agent.core.privacy import Stretching, keys_of, stretch
from agent.core.recognition import Identifier, RecognitionRules
from agent.directory import Keyring

MASTER = Master(b"m" * 32, Stretching(cost_log2=10))
RULES = RecognitionRules(card_prefixes=("LC",))
SCOPES = ("global", "store:s", "store:x")
MACHINE_KEY = b"k" * 32


def row_of(
    card: Card,
    *identifiers: Identifier,
    scope: str = "global",
    generation: int = 1,
    ver: int = 1,
) -> SealedRow:
    """Seal a card as HQ does, for the version of a change."""
    keys = keys_of(MASTER.key(scope, generation))
    row = PartyRow(msgspec.Raw(msgspec.json.encode(card)), identifiers)
    content = MASTER.content_key(scope, generation, card.party_id, ver)
    return sealed_row(keys, row, ver, stretched, content, RULES)


@cache
def stretched(identifier: Identifier) -> bytes:
    """Stretch an identifier once for all tests."""
    return stretch(identifier, MASTER.pepper, MASTER.stretching)


def keyring(path=None, *, generation: int = 1) -> Keyring:
    """Give a till's keyring that holds HQ's keys of `SCOPES`."""
    made = Keyring(MACHINE_KEY, path)
    made.take([MASTER.key(scope, generation) for scope in SCOPES], b"e" * 32)
    return made
