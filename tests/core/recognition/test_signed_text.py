"""Signed texts: the RFC's vectors, the form, and everything that is not genuine."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.exchange import credentials
from agent.core.faults import InputFault
from agent.core.receipt.qr import qr_matrix
from agent.core.recognition.signed_text import (
    SignedText,
    from_base32,
    is_genuine,
    key_id,
    read,
    to_base32,
    to_sign,
    with_signature,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def signed(kind="SW1", fields=("004106105R", "1800000000")):
    text = to_sign(kind, fields, key_id(PUBLIC))
    return with_signature(text, PRIVATE.sign(text.encode()))


@pytest.mark.parametrize(
    ("secret", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
                "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
    ],
)
def test_the_vectors_of_rfc_8032(secret, public, message, signature):
    """Signatures of other programs would fail here (RFC 8032, section 7.1)."""
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    said = bytes.fromhex(message)
    assert signature == private.sign(said).hex()
    text = SignedText(said.decode(), "", bytes.fromhex(signature))
    assert is_genuine(text, bytes.fromhex(public))
    assert not is_genuine(
        SignedText(said.decode() + "x", "", text.signature), bytes.fromhex(public)
    )


def test_a_signed_text_reads_back():
    """What one side signs the other could not check."""
    parts = read(signed().lower() + "\n", "SW1")
    assert parts is not None
    fields, text = parts
    assert (["004106105R", "1800000000"], key_id(PUBLIC)) == (fields, text.key_id)
    assert is_genuine(text, PUBLIC)


def test_a_key_has_one_name():
    """A till's device key could not be found by what its receipts call it."""
    assert credentials.key_id(PUBLIC).upper().startswith(key_id(PUBLIC))


def test_every_changed_character_is_noticed():
    """Somebody could write another pass or another time over a genuine code."""
    whole = signed()
    for place, character in enumerate(whole[:-1]):
        if character == ".":
            continue
        changed = whole[:place] + ("A" if character != "A" else "B") + whole[place + 1 :]
        parts = read(changed, changed[:3])
        assert parts is None or not is_genuine(parts[1], PUBLIC)


def test_one_kind_never_passes_for_another():
    """A receipt's code would open a customer's card."""
    assert read(signed("SR1"), "SW1") is None
    parts = read(signed("SR1").replace("SR1", "SW1"), "SW1")
    assert parts is not None
    assert not is_genuine(parts[1], PUBLIC)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), bytes(33), b"\xff" * 32])
def test_a_key_that_is_none_checks_nothing(key):
    """A damaged key would stop the till, or let everything pass."""
    parts = read(signed(), "SW1")
    assert parts is not None
    assert not is_genuine(parts[1], key)


@pytest.mark.parametrize("fields", [("a",), ("A.B",), ("",), ("Ä",), ("A B",)])
def test_what_a_code_cannot_hold_is_refused(fields):
    """A code would be printed that nothing can read back."""
    with pytest.raises(InputFault) as caught:
        to_sign("SW1", fields, key_id(PUBLIC))
    assert caught.value.name == "not-for-a-code"


def test_a_signed_pass_is_a_small_code():
    """The code on a phone's screen would be too fine to scan: 41 modules are version 6."""
    assert len(qr_matrix(signed())) <= 45


@settings(max_examples=200)
@given(st.text(alphabet="SW1.ABZ279 \n", max_size=140) | st.text(max_size=40))
def test_no_text_raises(text):
    """One odd scan would stop the till."""
    assert read(text, "SW1") is None or "." in text


@given(st.binary(max_size=80))
def test_base_32_reads_back(data):
    """A payload would change on its way through a QR code."""
    assert data == from_base32(to_base32(data))
