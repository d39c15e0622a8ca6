"""HQ's orders: carried out only under its root key's signature, and only as they were signed."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.orders import (
    ERASE,
    EraseBody,
    Order,
    SignedOrder,
    make_order,
    order_bytes,
    read_order,
)

ORDER = Order(
    order_id="0190aaaa-0000-7000-8000-000000000001",
    kind=ERASE,
    scope="global",
    epoch="1-aa",
    issued_at="2026-01-01T00:00:00.000Z",
    body=msgspec.Raw(msgspec.json.encode(EraseBody((("ab" * 16, 7, "cd" * 32),)))),
)


def test_a_signed_order_is_read_as_it_was_written(sign, verify):
    """If it were not, a till would erase something else than HQ ordered."""
    read = read_order(make_order(sign, ORDER), verify)
    assert (ORDER.order_id, ERASE, "global") == (read.order_id, read.kind, read.scope)
    assert EraseBody((("ab" * 16, 7, "cd" * 32),)) == msgspec.json.decode(read.body, type=EraseBody)


@pytest.mark.parametrize("part", ["order", "signature"])
def test_a_changed_order_is_not_genuine(sign, verify, part):
    """If it were carried out, who stands on the way could erase a person, or shut out a till."""
    signed = make_order(sign, ORDER)
    changed = {"order": signed.order.replace(",7,", ",8,"), "signature": "00"}[part]
    with pytest.raises(CredentialFault, match="signature of HQ's root key") as caught:
        read_order(msgspec.structs.replace(signed, **{part: changed}), verify)
    assert "order-not-genuine" == caught.value.name


def test_a_signature_over_something_else_is_no_order(sign, verify):
    """If it were, an ack's signature could be passed off as an order."""
    text = make_order(sign, ORDER).order
    with pytest.raises(CredentialFault):
        read_order(SignedOrder(text, sign(text.encode()).hex()), verify)


@pytest.mark.parametrize("text", ["", "[]", '{"order_id":1}', "[" * 5000])
def test_signed_text_that_is_no_order_is_a_fault(sign, verify, text):
    """If it were a crash, HQ of another version could end sync in every store."""
    signed = SignedOrder(text, sign(order_bytes(text)).hex())
    with pytest.raises(CredentialFault, match="cannot be read"):
        read_order(signed, verify)


def test_an_order_has_one_spelling(sign):
    """If it had two, the same order would be carried out and acknowledged twice."""
    assert make_order(sign, ORDER) == make_order(sign, msgspec.structs.replace(ORDER))
