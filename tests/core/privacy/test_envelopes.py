"""Envelopes: read by their receiver alone, and by any other program that knows the standard."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from agent.core.privacy.envelopes import (
    EnvelopeUnreadable,
    as_x25519,
    as_x25519_private,
    seal_account,
    seal_enrolment,
    seal_words,
    suite,
    unseal,
    unseal_account,
    unseal_enrolment,
    unseal_words,
    unwrap_keys,
    wrap_keys,
)
from tests.core.privacy.secrets import bytes_of, scope_key

PRIVATE = bytes_of("receiver")
PUBLIC = X25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()


def seal(receiver, text, purpose):
    """Seal as HQ and the till do."""
    return suite().encrypt(text, X25519PublicKey.from_public_bytes(receiver), info=purpose)


@given(st.binary(max_size=300), st.binary(max_size=20))
def test_who_holds_the_key_reads_it(text, purpose):
    """What is sealed could be opened by nobody."""
    assert text == unseal(PRIVATE, seal(PUBLIC, text, purpose), purpose=purpose)


@given(st.binary(min_size=32, max_size=32))
def test_a_device_key_is_its_own_sealing_key(seed):
    """HQ would seal a scope's key to somebody who has no private half of it."""
    device = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    private = X25519PrivateKey.from_private_bytes(as_x25519_private(seed))
    assert private.public_key().public_bytes_raw() == as_x25519(device)


def device(name):
    seed = bytes_of(name)
    return seed, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def test_the_keys_of_scopes_reach_their_device_alone():
    """A till could read the customers of regions it has no business with."""
    seed, public = device("till-1")
    given = (scope_key("store:s1"), scope_key("global", 4))
    wrapped = wrap_keys(seal, given, public)
    assert given == unwrap_keys(wrapped, public, seed)
    other_seed, other = device("till-2")
    for who, private in ((public, other_seed), (other, seed), (other, other_seed)):
        with pytest.raises(EnvelopeUnreadable, match="not for this key") as refused:
            unwrap_keys(wrapped, who, private)
        assert "envelope-unreadable" == refused.value.name


def test_keys_of_a_later_version_say_so():
    """A till would end on what a newer HQ sends."""
    seed, public = device("till-1")
    purpose = b"till-agent keys v1\0" + public.hex().encode()
    text = msgspec.json.encode({"keys": [{"scope": "global"}]})
    envelope = seal(as_x25519(public), text, purpose)
    with pytest.raises(EnvelopeUnreadable, match="a way this version does not know"):
        unwrap_keys(envelope, public, seed)


def test_a_changed_envelope_says_so():
    """Damage on the way would raise what nobody catches, or be believed."""
    envelope = seal(PUBLIC, b"text", b"p")
    flipped = [
        envelope[:at] + bytes([envelope[at] ^ 1]) + envelope[at + 1 :]
        for at in range(len(envelope))
    ]
    cut = [envelope[:length] for length in range(len(envelope))]
    for changed in (*flipped, *cut, envelope + b"x", bytes(32) + envelope[32:]):
        with pytest.raises(EnvelopeUnreadable, match="or was changed"):
            unseal(PRIVATE, changed, purpose=b"p")


def test_an_envelope_is_for_one_purpose():
    """A sealed enrolment could be passed for keys."""
    envelope = seal(PUBLIC, b"text", b"p")
    with pytest.raises(EnvelopeUnreadable):
        unseal(PRIVATE, envelope, purpose=b"q")


def test_an_enrolment_is_its_person_s():
    """What one person said could be passed for what another said."""
    sealed = seal_enrolment(seal, b"Ada Byron", PUBLIC, "party-1")
    assert b"Ada" not in sealed
    assert b"Ada Byron" == unseal_enrolment(sealed, PRIVATE, "party-1")
    for private, party_id in ((PRIVATE, "party-2"), (bytes_of("other"), "party-1")):
        with pytest.raises(EnvelopeUnreadable):
            unseal_enrolment(sealed, private, party_id)


def test_a_payment_account_is_of_its_sale_and_tells_no_two_apart():
    """An account could be moved to another's sale, or who has the till count sales by account."""
    account = "5001ABCDEFGHIJKLMNOPQRSTUVWXY"
    one, again = (seal_account(seal, account, PUBLIC, "sale-1") for _ in range(2))
    assert (True, False) == (one != again, account.encode() in one)
    assert account.encode() == unseal_account(one, PRIVATE, "sale-1")
    for private, sale_id in ((PRIVATE, "sale-2"), (bytes_of("other"), "sale-1")):
        with pytest.raises(EnvelopeUnreadable):
            unseal_account(one, private, sale_id)
    with pytest.raises(EnvelopeUnreadable):
        unseal_enrolment(one, PRIVATE, "sale-1")


@pytest.mark.parametrize("key", [b"", bytes(31), (1).to_bytes(32, "little")])
def test_a_key_that_is_none_is_refused(key):
    """HQ would seal to nobody."""
    with pytest.raises(ValueError, match=r"bytes|invertible"):
        as_x25519(key)


def test_words_are_of_the_fact_they_stand_in():
    """A note about one customer could be put beside another one, or read where it was written."""
    fact = ("party-1", "NoteWritten", "note-1")
    sealed = seal_words(seal, "Ada Byron called", PUBLIC, fact)
    assert b"Ada" not in sealed
    assert b"Ada Byron called" == unseal_words(sealed, PRIVATE, fact)
    for other in (("party-2", *fact[1:]), (*fact[:2], "note-2"), (fact[0], "TaskOpened", "note-1")):
        with pytest.raises(EnvelopeUnreadable):
            unseal_words(sealed, PRIVATE, other)
