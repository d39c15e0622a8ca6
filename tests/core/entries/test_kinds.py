"""The table of kinds, and reading and writing bodies by it."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.entries import canonical
from agent.core.entries.bodies import (
    Body,
    CashierSigned,
    CashMoved,
    ConsentGiven,
    PartyEnrolled,
    SaleCompleted,
)
from agent.core.entries.canonical import UnknownKind, UnreadableBody, decode, encode
from agent.core.entries.kinds import EITHER, KINDS, LANES, SALES, SIDE, TYPES, Kind, kind_of
from agent.core.entries.upcasters import upcast
from agent.core.identifiers import ActorId, PartyId, ReceiptNo, SaleId, StoreId, TillId
from agent.core.quantities import BasisPoints, Minor, Thousandths
from agent.core.sale.model import Line, ReturnOf, Stamp, TaxAmount, TaxRate, Tender

STAMP = Stamp(wall="2026-05-04T10:11:12.345Z", mono_ns=7, boot_id="b")
SIGNED = CashierSigned(ActorId("a1"), StoreId("s1"), TillId("t1"), STAMP)
NUMBERS = {
    "sale.completed": 1,
    "sale.cancelled": 2,
    "till.opened": 10,
    "cash.moved": 11,
    "till.closed": 12,
    "sale.attributed": 101,
    "party.enrolled": 110,
    "party.identified": 111,
    "payment_account.seen": 112,
    "cashier.signed": 120,
    "order.received": 130,
    "consent.recorded": 140,
    "prompt.event": 141,
    "subject.requested": 142,
    "loyalty.earned": 150,
    "loyalty.loaded": 151,
    "loyalty.spent": 152,
    "loyalty.restored": 153,
    "loyalty.lease_closed": 154,
    "loyalty.unspent": 155,
    "order.noted": 160,
    "stock.moved": 161,
    "lead.told": 170,
    "lead.redeemed": 171,
    "suggestion.answered": 172,
    "note.written": 175,
    "task.opened": 176,
    "task.closed": 177,
    "card_number.masked": 190,
    "journal.begun": 200,
    "entry.carried": 201,
}


def test_every_body_has_a_kind():
    """A body without a number could be made, but never be recorded."""
    assert set(get_args(Body)) == set(KINDS)


def test_kind_numbers_never_change():
    """A renumbered kind would make every journal in the field unreadable."""
    found = {body.__struct_config__.tag: kind.kind for body, kind in KINDS.items()}
    assert found == NUMBERS
    assert {number: body for body, number in zip(KINDS, NUMBERS.values(), strict=True)} == TYPES


def test_numbers_tell_the_lane():
    """A customer's fact under a number of `sales` would hold up money and could not be erased."""
    for kind in KINDS.values():
        lane = SALES if kind.kind < 100 else SIDE if kind.kind < 200 else EITHER
        assert lane == kind.lane
    assert {*LANES, EITHER} == {kind.lane for kind in KINDS.values()}


def test_kind_of_a_body():
    """Each body must be written under its own number."""
    assert kind_of(SIGNED) == Kind(kind=120, version=1, lane="side")


def test_canonical_bytes_are_fixed():
    """Bytes that come out differently one day would break the commitment of the same fact."""
    assert encode(SIGNED) == (
        b'{"type":"cashier.signed","actor":"a1","store":"s1","till":"t1","at":{"wall":'
        b'"2026-05-04T10:11:12.345Z","mono_ns":7,"boot_id":"b","offset_ms":null}}'
    )


text = st.text(max_size=20)
amount = st.integers(-(2**63), 2**63 - 1).map(Minor)
stamps = st.builds(Stamp, text, st.integers(0, 2**63 - 1), text, st.none() | st.integers(-9, 9))
lines = st.builds(
    Line,
    line=st.integers(1, 999),
    name=text,
    quantity=st.integers(-(10**9), 10**9).map(Thousandths),
    unit_price=amount,
    extension=amount,
    taxes=st.tuples(st.builds(TaxRate, text, st.integers(0, 9999).map(BasisPoints))),
    returns=st.none() | st.builds(ReturnOf, text.map(SaleId), st.integers(1, 99)),
    voided=st.booleans(),
)
sales = st.builds(
    SaleCompleted,
    sale_id=text.map(SaleId),
    receipt_no=text.map(ReceiptNo),
    store=text.map(StoreId),
    till=text.map(TillId),
    business_date=text,
    currency=text,
    prices_include_tax=st.booleans(),
    opened=stamps,
    completed=stamps,
    lines=st.lists(lines, max_size=3).map(tuple),
    tenders=st.tuples(st.builds(Tender, st.integers(1, 9), text, amount)),
    taxes=st.tuples(st.builds(TaxAmount, text, st.just(BasisPoints(7)), amount, amount, amount)),
    total=amount,
    net=amount,
    change=amount,
    discount_reason=st.none() | text,
)
parties = st.builds(
    PartyEnrolled,
    party_id=text.map(PartyId),
    store=text.map(StoreId),
    till=text.map(TillId),
    at=stamps,
    name=text,
    email=st.none() | text,
    consents=st.lists(st.builds(ConsentGiven, text, text, st.booleans()), max_size=2).map(tuple),
)
moved = st.builds(
    CashMoved, text, text, text, text, stamps, amount, text, text, st.none() | text.map(ActorId)
)


@given(st.one_of(sales, parties, moved))
def test_bodies_come_back_as_they_went(body):
    """A fact that is read differently than it was written would change what was sold."""
    kind = kind_of(body)
    assert decode(kind.kind, kind.version, encode(body)) == body
    assert encode(decode(kind.kind, kind.version, encode(body))) == encode(body)


def test_unknown_fields_are_passed_over():
    """A newer till's extra field would stop an older HQ from reading its sales."""
    extended = encode(SIGNED)[:-1] + b',"mood":"fine"}'
    assert decode(120, 1, extended) == SIGNED


@pytest.mark.parametrize(("kind", "version"), [(120, 2), (99, 1), (65535, 65535)])
def test_unknown_kind_or_version_is_named(kind, version):
    """A newer entry must be told apart from a damaged one: it is kept, not reported as damage."""
    with pytest.raises(UnknownKind) as caught:
        decode(kind, version, encode(SIGNED))
    assert ("unknown-kind", True) == (caught.value.name, "newer version" in caught.value.remedy)


@pytest.mark.parametrize(("kind", "version"), [(0, 1), (120, 0), (0, 0), (-1, 1), (120, -1)])
def test_what_is_no_number_of_a_kind_is_named(kind, version):
    """An update would be awaited that brings nothing: no program ever writes such a number."""
    with pytest.raises(UnknownKind) as caught:
        decode(kind, version, encode(SIGNED))
    assert "no-kind" == caught.value.name


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"type":"cashier.signed"}', b"\xff\xfe", b'{"type":"sale.x"}'],
)
def test_damaged_body_is_named(body):
    """Bytes that are no such body must give one named fault, whatever is wrong with them."""
    with pytest.raises(UnreadableBody):
        decode(120, 1, body)


def test_deep_nesting_is_a_damaged_body():
    """A sender could otherwise end the reader with a few kilobytes of brackets."""
    with pytest.raises(UnreadableBody):
        decode(120, 1, b'{"type":"cashier.signed","x":' + b"[" * 100_000)


def test_body_of_another_kind_is_refused():
    """A body filed under a wrong number would be counted as what it is not."""
    with pytest.raises(UnreadableBody):
        decode(1, 1, encode(SIGNED))


def test_older_versions_are_brought_up_step_by_step(monkeypatch):
    """A sale of last year must be read in today's shape, through every step in order."""
    today = {**KINDS, CashierSigned: Kind(120, 3, SIDE)}
    steps = {
        (120, 1): lambda fields: {**fields, "actor": fields["cashier"]},
        (120, 2): lambda fields: {**fields, "actor": fields["actor"].upper()},
    }
    monkeypatch.setattr(canonical, "KINDS", today)
    monkeypatch.setattr(canonical, "UPCASTERS", steps)
    fields = msgspec.to_builtins(SIGNED)
    del fields["actor"]
    old = msgspec.json.encode({**fields, "cashier": "a1"})
    assert decode(120, 1, old).actor == "A1"
    assert decode(120, 2, encode(SIGNED)).actor == "A1"


def test_damaged_older_version_is_named(monkeypatch):
    """A missing field or step in an old body must not end the reader."""
    monkeypatch.setattr(canonical, "KINDS", {**KINDS, CashierSigned: Kind(120, 2, SIDE)})
    monkeypatch.setattr(canonical, "UPCASTERS", {(120, 1): lambda fields: fields["gone"]})
    with pytest.raises(UnreadableBody):
        decode(120, 1, encode(SIGNED))


def test_upcast_of_todays_version_does_nothing():
    """Today's bodies must never pass through a step."""
    assert upcast(1, 2, 2, {"a": 1}, {}) == {"a": 1}
