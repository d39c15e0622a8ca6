"""Carrying entries over: byte for byte, and honest about what cannot be proven."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agent.core.entries.bodies import CashierSigned
from agent.core.entries.canonical import UnknownKind, decode, encode
from agent.core.entries.carried import carry, fact, holds, inner, read, said, sealed
from agent.core.entries.chain import commitment
from agent.core.entries.kinds import KINDS, kind_of
from agent.core.sale.model import Stamp

SIGNED = CashierSigned("anna", "s1", "t1", Stamp("2026-05-04T10:11:12.345Z", 7, "boot"))
TEXT = encode(SIGNED)
SALT = b"s" * 16
CARRIED = carry(
    "ab" * 16,
    7,
    kind=120,
    version=1,
    salt=SALT,
    body=TEXT,
    committed=commitment(SALT, TEXT),
)


def test_what_is_carried_is_what_was_sealed():
    """One re-encoded byte, and HQ could not prove what it is given."""
    again = decode(201, 1, encode(CARRIED))
    assert CARRIED == again
    assert (TEXT, SIGNED, True) == (again.body.encode(), inner(again), holds(again))
    assert SIGNED == fact(CARRIED) == fact(SIGNED)
    assert 201 == kind_of(CARRIED).kind


def test_an_erased_entry_says_nothing_and_holds():
    """An erased name would come back, or stop the successor."""
    erased = carry(
        "ab" * 16, 7, kind=120, version=1, salt=b"", body=b"", committed=b"c" * 32, erased_by="o-1"
    )
    assert (None, True) == (fact(erased), holds(erased))


@pytest.mark.parametrize(
    "changes",
    [
        {"body": CARRIED.body.replace("anna", "anne")},
        {"salt": "74" * 16},
        {"salt": "7"},
        {"salt": "73" * 15},
        {"commitment": "zz"},
        {"commitment": "00" * 32},
    ],
)
def test_what_was_changed_does_not_hold(changes):
    """A changed amount would pass for the one that was sealed."""
    assert not holds(replace(CARRIED, **changes))


@pytest.mark.parametrize("body", [b"\xff{}", b"\0{}", b"\0\xff\xfe"])
def test_bytes_that_are_no_text_are_carried_byte_for_byte(body):
    """What a later version wrote would arrive at HQ as something else, and prove nothing."""
    later = carry(
        "ab" * 16, 7, kind=9, version=7, salt=SALT, body=body, committed=commitment(SALT, body)
    )
    assert (True, "") == (later.verified, later.body)
    again = decode(201, 1, encode(later))
    assert (body, True) == (sealed(again), holds(again))
    assert not holds(replace(again, raw="//8="))
    assert not holds(replace(again, raw="no base64"))


def test_what_was_doubted_before_stays_doubted():
    """What a damaged file gave would count as what was once written."""
    doubted = carry(
        "ab" * 16, 7, kind=9, version=1, salt=SALT, body=b"{}", committed=b"c", verified=False
    )
    assert not doubted.verified
    with pytest.raises(UnknownKind):
        inner(doubted)


@pytest.mark.parametrize("kind", [1, 9])
def test_a_damaged_entry_that_was_carried_says_nothing(kind):
    """One entry that nobody can read any more would keep its till closed."""
    torn = carry(
        "ab" * 16, 7, kind=kind, version=1, salt=SALT, body=b"{", committed=b"c", verified=False
    )
    assert said(torn) is None
    assert SIGNED == said(CARRIED) == said(SIGNED)


@pytest.mark.parametrize("kind", [1, 9])
def test_an_entry_that_was_torn_where_it_stands_says_nothing(kind):
    """One old entry that nobody can read any more would keep its till closed."""
    assert read(kind, 1, b"{") is None
    whole = KINDS[type(SIGNED)]
    assert SIGNED == read(whole.kind, whole.version, encode(SIGNED))
