"""Stretches and tokens: what a till compares instead of identifiers."""

from __future__ import annotations

import hashlib
import hmac
import traceback

import msgspec
import pytest
from rich.pretty import pretty_repr

from agent.core.privacy.keys import (
    STRETCHING,
    ScopeKey,
    Stretching,
    context,
    keys_of,
    stretch,
    token,
)
from agent.core.recognition import Identifier, IdentifierType
from tests.core.privacy.secrets import PEPPER, bytes_of, keys, scope_key, stretched

ADA = Identifier(IdentifierType.EMAIL, "ada@example.com")


def test_a_stretch_is_the_scrypt_of_the_standard():
    """Another program, such as a later version, would find nobody."""
    salt = b"till-agent stretch v1\0email\0" + PEPPER
    expected = hashlib.scrypt(
        b"ada@example.com", salt=salt, n=4096, r=8, p=1, maxmem=1 << 26, dklen=32
    )
    assert expected == stretch(ADA, PEPPER)
    assert (12, 8, 1) == (STRETCHING.cost_log2, STRETCHING.block, STRETCHING.parallel)


def test_a_token_is_eight_bytes_of_a_keyed_hash():
    """Tills and HQ would not find the same rows."""
    made = keys_of(scope_key("global", 3))
    assert hmac.digest(made.token, b"s" * 32, "sha256")[:8] == token(made, b"s" * 32)


def test_a_key_is_made_by_the_standard():
    """A key made another way by the next version would open nothing."""
    key = scope_key("global", 3)
    prk = hmac.digest(bytes(32), key.secret, "sha256")
    info = b"till-agent token v1\0global\x003\x01"
    assert hmac.digest(prk, info, "sha256") == keys_of(key).token


def test_everything_changes_the_token():
    """Two scopes, generations or types of identifier could be compared by who steals a disk."""
    one = stretched("123456")
    tokens = [
        token(keys(), one),
        token(keys("store:s2"), one),
        token(keys(generation=2), one),
        token(keys(), stretched("123457")),
        token(keys(), stretched("123456", IdentifierType.LOYALTY_CARD)),
        token(keys(), stretch(Identifier(IdentifierType.PHONE, "123456"), bytes_of("other"))),
        token(keys(), stretch(Identifier(IdentifierType.PHONE, "123456"), PEPPER)),
    ]
    assert len(tokens) == len(set(tokens))


def test_the_keys_of_a_scope_are_different_from_one_another():
    """What is found by one key could be opened by the same."""
    made = keys()
    assert 3 == len({made.token, made.slot, made.filter})


def test_no_secret_is_shown():
    """A traceback or a log would hold the key to every customer."""
    for secret in (scope_key(), keys()):
        for shown in (repr(secret), str(secret), pretty_repr(secret), f"{secret}"):
            assert type(secret).__name__ in shown
            assert "pepper" not in shown
            assert repr(PEPPER)[2:12] not in shown
    told = "".join(traceback.format_exception(ValueError(scope_key())))
    assert "<ScopeKey>" in told


def test_a_key_travels():
    """A till could not read what HQ gave it."""
    key = scope_key()
    assert key == msgspec.json.decode(msgspec.json.encode(key), type=ScopeKey)


@pytest.mark.parametrize(
    ("pepper", "how"),
    [
        (b"short", STRETCHING),
        (PEPPER, Stretching(cost_log2=9)),
        (PEPPER, Stretching(cost_log2=21)),
    ],
)
def test_a_stretch_that_is_none_is_refused(pepper, how):
    """A till would guard its customers by nothing, or stand still for a minute."""
    with pytest.raises(ValueError, match="pepper of 32 bytes"):
        stretch(ADA, pepper, how)


def test_a_short_secret_is_refused():
    """A scope would be guarded by what can be tried."""
    with pytest.raises(ValueError, match="32 bytes, this one 5"):
        keys_of(ScopeKey("global", 1, b"short", PEPPER))


def test_contexts_are_unambiguous():
    """A key for one use would be one for another."""
    assert context("card", "a", "b") != context("card", "a\x01b")
    with pytest.raises(ValueError, match="NUL"):
        context("card", "a\0b")
