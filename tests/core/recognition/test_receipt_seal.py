"""The signed code of a receipt, from the till that sold to a till that does not know the sale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.barcode import BarcodeRules, read
from agent.core.faults import InputFault
from agent.core.identifiers import SaleId
from agent.core.receipt.qr import qr_matrix
from agent.core.recognition import (
    Proofs,
    ReceiptKey,
    RecognitionRules,
    Strength,
    means_of,
    means_of_typed,
    receipt_seal,
    resolve,
)
from agent.core.recognition.signed_text import to_base32, to_sign, with_signature
from tests.core.recognition.presenting import KEY_ID, NOW, PRIVATE, STRANGER, Shelf, Trusted

RULES = RecognitionRules(store="store-0002")
BARCODES = BarcodeRules((), "EUR")
RECEIPT = "store-0001-till-1-3f9a-17"
SALE = SaleId("0199f3a0-0000-7000-8000-000000000001")
DIGEST = bytes(range(32))


def sealed(receipt_no=RECEIPT, total=129_95, private=PRIVATE, sale=SALE):
    text = receipt_seal.to_sign(
        sale,
        receipt_no,
        business_date="2026-11-21",
        currency="EUR",
        total=total,
        digest=DIGEST,
        key_id=KEY_ID,
    )
    return with_signature(text, private.sign(text.encode()))


def scanned(text):
    return means_of(read(f"]Q1{text}".encode(), BARCODES), RULES)


def outcome(text, *, shelf=None, held=True):
    proofs = Proofs(Trusted(held=held), NOW)
    return resolve(scanned(text), Shelf() if shelf is None else shelf, proofs=proofs)


def test_any_store_can_trust_the_paper():
    """Goods bought at another store could not be taken back with the network down."""
    found = outcome(sealed())
    assert ("receipt", RECEIPT, False) == (found.kind, found.receipt_no, found.held)
    assert found.seal is not None
    said = found.seal
    assert (SALE, "2026-11-21", "EUR", 129_95) == (
        said.sale_id,
        said.business_date,
        said.currency,
        said.total,
    )
    assert DIGEST[:16] == said.digest
    assert found.strength == Strength.BEARER
    assert "signed by this chain: 129.95 EUR on 2026-11-21" in found.why[1]


def test_the_store_that_holds_the_sale_finds_it():
    """Its own receipts would be strangers to the till that printed them."""
    found = outcome(sealed(), shelf=Shelf(receipts={RECEIPT: SALE}))
    assert (SALE, True) == (found.sale_id, found.held)
    assert found.seal is not None


@pytest.mark.parametrize("held", [True, False])
def test_a_forged_code_is_a_receipt_number_alone(held):
    """Anybody could print a receipt over any amount."""
    text = sealed() if not held else sealed(private=STRANGER)
    found = outcome(text, held=held)
    assert (RECEIPT, None) == (found.receipt_no, found.seal)
    assert "not with a key trusted here" in found.why[1]


def test_without_keys_and_without_a_seal_it_is_as_before():
    """A plain receipt would be called unsigned, or a till without keys would fail."""
    assert len(outcome(RECEIPT).why) == 1
    assert resolve(scanned(sealed()), Shelf()).seal is None


def test_the_code_can_be_keyed_in():
    """A scanner that types into a page would read nothing."""
    typed = means_of_typed(sealed(), "receipt", RULES)
    assert typed == scanned(sealed())
    assert (ReceiptKey(RECEIPT),) == means_of_typed(RECEIPT, "receipt", RULES)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"\xc0",
        b"\x91\x01",
        b"\x96\xc4\x01a\xa1a\x01\xa1a\x01\xc4\x00",  # not a receipt number
        b"\x96\xc4\x01\xff\xa1a\x01\xa1a\x01\xc4\x00",  # a sale id of no text
    ],
)
def test_another_payload_is_no_receipt(payload):
    """A damaged code would stop the till."""
    field = to_base32(payload) or "A"
    text = to_sign("SR1", (field,), KEY_ID)
    assert scanned(with_signature(text, PRIVATE.sign(text.encode()))) == ()


@pytest.mark.parametrize("sale", [SALE, "sale-1", SALE.upper(), SALE.replace("-", ""), "\u00e4"])
def test_every_sale_id_reads_back(sale):
    """A return would name a sale that never was."""
    assert sale == scanned(sealed(sale=sale))[0].seal.sale_id


@given(
    st.from_regex(r"[a-z0-9]{1,20}-[a-z0-9]{1,20}-[0-9a-f]{4}-[1-9][0-9]{0,5}", fullmatch=True),
    st.integers(-(10**13), 10**13),
)
def test_every_receipt_reads_back(receipt_no, total):
    """Some receipt's code could not be read by the next till."""
    found = scanned(sealed(receipt_no, total))[0]
    assert isinstance(found, ReceiptKey)
    assert found.seal is not None
    assert (receipt_no, total) == (found.seal.receipt_no, found.seal.total)


def test_the_code_fits_a_receipt():
    """At three dots a module a paper of 58 mm (384 dots) would be too narrow."""
    assert 3 * (len(qr_matrix(sealed())) + 8) <= 384


def test_what_is_signed_holds_no_other_characters():
    """The text would not be what the code shows."""
    with pytest.raises(InputFault):
        to_sign("SR1", ("lower",), KEY_ID)
