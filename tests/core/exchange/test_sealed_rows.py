"""A party sealed by HQ opens at a till by what the customer presents, and by nothing else."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.exchange.cursors import ORIGIN, advance
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.granting import SignedKeys, make_keys, read_keys
from agent.core.exchange.packing import packed
from agent.core.exchange.sealed_rows import (
    Master,
    card_from,
    layers_of,
    short_name,
)
from agent.core.exchange.wire import FeedItem
from agent.core.history.model import Card, Interaction
from agent.core.identifiers import PartyId
from agent.core.privacy import EnvelopeUnreadable, Layer, Opened, keys_of, open_card, token
from agent.core.recognition import Identifier, IdentifierType
from central.feed.grants import seal
from tests.sealed import MASTER, row_of, stretched

CARD = Card(PartyId("ada"), "Ada Augusta King", tier="gold", points=7, ver=3)
PHONE = Identifier(IdentifierType.PHONE, "+49301234567")
OLD_CARD = Identifier(IdentifierType.LOYALTY_CARD, "12345678")
NAME = Identifier(IdentifierType.NAME_POSTCODE, "king 10115")
ROOT, DEVICE = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PUBLIC, SEED = DEVICE.public_key().public_bytes_raw(), DEVICE.private_bytes_raw()


def opened(identifier):
    """Open the card by one of its identifiers, as a till does."""
    row, keys = row_of(CARD, PHONE, OLD_CARD, NAME), keys_of(MASTER.key("global", 1))
    held = stretched(identifier)
    slot = next(one for one in row.card.slots if one.token == token(keys, held))
    return card_from(CARD.party_id, open_card(keys, "ada", row.card, slot, held))


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (PHONE, CARD),
        (OLD_CARD, Card(PartyId("ada"), "Ada K.", tier="gold")),
        (NAME, None),
    ],
)
def test_what_opens_is_what_the_identifier_is_worth(identifier, expected):
    """Wrong: a guessed card number shows what somebody bought."""
    assert expected == opened(identifier)


def test_nothing_of_a_person_is_in_the_row():
    """Wrong: who reads the till's disk reads names and numbers."""
    said = msgspec.json.encode(row_of(CARD, PHONE, OLD_CARD))
    hidden = (b"Ada", b"King", b"gold", b"1234567", b"12345678")
    assert not any(each in said for each in hidden)


def test_a_card_of_a_later_version_is_no_card_of_ours():
    """Wrong: half a card is shown as a whole one."""
    whole = layers_of(CARD)[1]
    for rest in (b"[]", b"", whole[:-3], packed(b"[]")):
        with pytest.raises(msgspec.MsgspecError):
            card_from(PartyId("ada"), Opened(Layer.WHOLE, rest))
    assert CARD == card_from(PartyId("ada"), Opened(Layer.WHOLE, whole))


def hash_of(n):
    """Give twelve digits that nothing can shorten."""
    return hashlib.sha256(b"%d" % n).hexdigest()[:12]


def test_a_card_is_small():
    """Wrong: a million customers fill a till's disk, or its updates the line."""
    last = tuple(
        Interaction(
            event_id=f"019a5{n}55-1111-7000-8000-{hash_of(n)}",
            type="sale.completed",
            channel="store",
            touch_point="store-0001/till-1",
            occurred_at=f"2026-11-0{n}T12:34:5{n}.678Z",
            title="sale",
            ref=f"store-0001-till-1-K7F{n}-{n}21",
            total=1234 + n,
            currency="EUR",
        )
        for n in range(1, 6)
    )
    card = msgspec.structs.replace(CARD, last=last)
    assert 1200 < len(msgspec.json.encode(card))
    assert len(layers_of(card)[1]) < 240
    assert len(layers_of(CARD)[1]) < 48
    assert len(layers_of(CARD)[0]) < 32


def test_every_key_is_its_own_and_none_is_shown():
    """Wrong: a key of one use, scope or generation opens another, or stands in a log."""
    made = (
        MASTER.pepper,
        MASTER.enrolment,
        MASTER.key("global", 1).secret,
        MASTER.key("global", 2).secret,
        MASTER.key("store:s", 1).secret,
        MASTER.content_key("global", 1, "ada", 3),
        MASTER.content_key("global", 1, "ada", 4),
    )
    assert len(made) == len(set(made))
    assert "<Master>" == repr(MASTER)
    dear = Master(MASTER.seed)
    assert MASTER.fingerprint(PHONE) != dear.fingerprint(PHONE)
    assert MASTER.fingerprint(PHONE) != MASTER.fingerprint(OLD_CARD)


def test_a_name_without_words_is_none():
    """Wrong: a garbled name raises while a page is sealed."""
    assert ("", "Ada") == (short_name("  "), short_name(" Ada "))


def test_a_new_seal_is_the_same_position_of_the_feed():
    """Wrong: with a new generation of a key every till would lose its place."""
    item = FeedItem(1, "party:ada", 5, "put", msgspec.Raw(b"1"))
    anew = msgspec.structs.replace(item, body=msgspec.Raw(b"2"))
    assert advance(ORIGIN, item) == advance(ORIGIN, anew)


def granted(device=PUBLIC):
    return make_keys(ROOT.sign, seal, device, [MASTER.key("global", 1)], b"e" * 32)


def verify(signature, message):
    try:
        ROOT.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_keys_come_to_the_device_they_are_for():
    """Wrong: the till has no keys, and recognises nobody."""
    keys, enrolment_key = read_keys(granted(), PUBLIC, SEED, verify)
    assert ((MASTER.key("global", 1),), b"e" * 32) == (keys, enrolment_key)


def test_keys_of_others_are_not_taken():
    """Wrong: who stands between has the till seal its enrolments to himself."""
    good = granted()
    other = Ed25519PrivateKey.generate()
    foreign = granted(other.public_key().public_bytes_raw())
    text = "{}"
    unread = SignedKeys(text, good.signature)
    for signed, check, said in (
        (msgspec.structs.replace(good, grant=good.grant + " "), verify, "signature"),
        (foreign, verify, "another device"),
        (unread, lambda *_: True, "cannot be read"),
    ):
        with pytest.raises(CredentialFault, match=said):
            read_keys(signed, PUBLIC, SEED, check)
    with pytest.raises(EnvelopeUnreadable):
        read_keys(good, PUBLIC, other.private_bytes_raw(), verify)
