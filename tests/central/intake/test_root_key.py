"""The root key's file."""

from __future__ import annotations

import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central.intake.root_key import RootKey, RootKeyFault, verifier


def test_a_new_key_is_its_owners_alone_and_comes_back_the_same(tmp_path):
    """Wrong: others can read the key, or tills' pins break at the next start."""
    made = RootKey.create(tmp_path / "root.key")
    assert 0o600 == stat.S_IMODE((tmp_path / "root.key").stat().st_mode)
    again = RootKey.open(tmp_path / "root.key")
    assert made.public == again.public
    assert made.verify(again.sign(b"x"), b"x")


def test_a_key_is_never_written_over(tmp_path):
    """Wrong: a second start replaces the key all tills trust."""
    RootKey.create(tmp_path / "root.key")
    with pytest.raises(RootKeyFault, match="cannot be made"):
        RootKey.create(tmp_path / "root.key")


def test_a_key_others_can_read_is_refused(tmp_path):
    """Wrong: a copied key goes unnoticed."""
    RootKey.create(tmp_path / "root.key")
    (tmp_path / "root.key").chmod(0o640)
    with pytest.raises(RootKeyFault, match="0640") as caught:
        RootKey.open(tmp_path / "root.key")
    assert "chmod 600" in caught.value.remedy


def test_what_is_no_such_key_is_refused(tmp_path):
    """Wrong: a damaged file ends in a stack trace, or another kind of key is used."""
    path = tmp_path / "root.key"
    with pytest.raises(RootKeyFault, match="cannot be read"):
        RootKey.open(path)
    other = generate_private_key(SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (b"nonsense", pem):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(RootKeyFault, match="does not hold"):
            RootKey.open(path)


def test_a_bad_key_or_signature_verifies_nothing():
    """Wrong: garbage from the wire raises inside the decision."""
    assert not verifier(b"short")(b"", b"x")
    assert not verifier(b"\x01" * 32)(b"\x02" * 64, b"x")
    assert not verifier(b"\x01" * 32)(b"", b"x")
