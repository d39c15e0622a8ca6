"""The hash chain: fixed test vectors, and no two inputs with one hash."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.entries.bodies import CashierSigned
from agent.core.entries.canonical import encode
from agent.core.entries.chain import commitment, commits, genesis, link
from agent.core.entries.entry import Sealed, seal
from agent.core.faults import InputFault
from agent.core.identifiers import ActorId, JournalId, StoreId, TillId
from agent.core.sale.model import Stamp

JOURNAL = JournalId("00112233445566778899aabbccddeeff")
RAW = bytes.fromhex(JOURNAL)
KEY = bytes(range(32))
PREVIOUS = b"\x11" * 32
COMMITTED = b"\x22" * 32


def test_genesis_is_what_is_written_down():
    """Another program could not verify a journal if the message differed from its description."""
    message = b"tj1\x00" + RAW + b"\x00\x02s1\x00\x02t1\x00\x05sales\x00\x20" + KEY + b"\x00\x00"
    assert genesis(JOURNAL, StoreId("s1"), TillId("t1"), "sales", KEY) == sha256(message).digest()


def test_genesis_holds_the_predecessor():
    """A successor that does not name what it succeeds could hide a lost tail."""
    first = genesis(JOURNAL, StoreId("s1"), TillId("t1"), "sales", KEY)
    after = genesis(JOURNAL, StoreId("s1"), TillId("t1"), "sales", KEY, first)
    message = b"tj1\x00" + RAW + b"\x00\x02s1\x00\x02t1\x00\x05sales\x00\x20" + KEY
    assert after == sha256(message + b"\x00\x20" + first).digest()


def test_link_is_what_is_written_down():
    """Till and HQ would call each other's journals forged if one of them hashed another message."""
    message = b"tj1\x01" + RAW + bytes(7) + b"\x05" + PREVIOUS + b"\x00\x78\x00\x01" + COMMITTED
    assert link(JOURNAL, 5, PREVIOUS, 120, 1, COMMITTED) == sha256(message).digest()


def test_commitment_is_what_is_written_down():
    """A body could not be proven to belong to its entry."""
    assert commitment(b"s" * 16, b"body") == sha256(b"tj1\x02" + b"s" * 16 + b"body").digest()


def test_seal_does_all_of_it():
    """An entry must be stored with the bytes, the commitment and the hash that belong together."""
    body = CashierSigned(ActorId("a"), StoreId("s"), TillId("t"), Stamp("w", 1, "b"))
    salt = b"s" * 16
    committed = commitment(salt, encode(body))
    assert seal(JOURNAL, 5, PREVIOUS, body, salt) == Sealed(
        journal_id=JOURNAL,
        seq=5,
        kind=120,
        version=1,
        salt=salt,
        body=encode(body),
        commitment=committed,
        hash=link(JOURNAL, 5, PREVIOUS, 120, 1, committed),
    )


names = st.text(max_size=6)
geneses = st.tuples(names, names, names, st.binary(max_size=6), st.binary(max_size=6))


@given(geneses, geneses)
def test_genesis_tells_fields_apart(one, other):
    """`ab`+`c` and `a`+`bc` would bind two tills to one chain if lengths were not in it."""
    assert (genesis(JOURNAL, *one) == genesis(JOURNAL, *other)) == (one == other)


links = st.tuples(
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.binary(min_size=32, max_size=32),
)


@given(links, links)
def test_link_tells_fields_apart(one, other):
    """Two different entries under one hash would make the chain prove nothing."""
    assert (link(JOURNAL, *one) == link(JOURNAL, *other)) == (one == other)


@pytest.mark.parametrize(
    "arguments",
    [
        (JOURNAL, 0, PREVIOUS, 1, 1, COMMITTED),
        (JOURNAL, 2**63, PREVIOUS, 1, 1, COMMITTED),
        (JOURNAL, 1, PREVIOUS[1:], 1, 1, COMMITTED),
        (JOURNAL, 1, PREVIOUS, 1, 1, COMMITTED + b"x"),
        (JOURNAL, 1, PREVIOUS, -1, 1, COMMITTED),
        (JOURNAL, 1, PREVIOUS, 0x10000, 1, COMMITTED),
        (JOURNAL, 1, PREVIOUS, 1, 0x10000, COMMITTED),
        (JOURNAL, 1, PREVIOUS, 1, -1, COMMITTED),
        (JournalId("xyz"), 1, PREVIOUS, 1, 1, COMMITTED),
        (JournalId(JOURNAL.upper()), 1, PREVIOUS, 1, 1, COMMITTED),
        (JournalId(JOURNAL[:-2]), 1, PREVIOUS, 1, 1, COMMITTED),
        (JournalId(JOURNAL[:2] + " " + JOURNAL[2:]), 1, PREVIOUS, 1, 1, COMMITTED),
    ],
)
def test_link_refuses_what_has_no_fixed_place(arguments):
    """A truncated or oversized field would be hashed as another entry's."""
    with pytest.raises(InputFault) as caught:
        link(*arguments)
    assert caught.value.name == "bad-chain-field"


def test_genesis_refuses_a_field_too_long_to_prefix():
    """A length that does not fit its prefix would wrap round to another field's."""
    with pytest.raises(InputFault):
        genesis(JOURNAL, StoreId("s" * 0x10000), TillId("t"), "sales", KEY)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_commitment_refuses_a_salt_of_another_size(size):
    """Salt and body could otherwise trade bytes under one commitment."""
    with pytest.raises(InputFault):
        commitment(b"s" * size, b"body")


def test_a_commitment_is_to_one_body_under_one_salt():
    """What a disk has torn would be sent, or carried on, as what was sold."""
    sealed = commitment(bytes(16), b"{}")
    assert commits(sealed, bytes(16), b"{}")
    assert not commits(sealed, bytes(16), b"{ ")
    assert not commits(sealed, bytes(15), b"{}")
