"""The device's own key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.journal import JournalUnusable
from agent.journal.device_key import keyid, load_or_create


def test_key_is_made_once(tmp_path):
    """A key that changes would cut the till off from its journals and from HQ."""
    first = load_or_create(tmp_path)
    again = load_or_create(tmp_path)
    assert (first.public_bytes, first.keyid) == (again.public_bytes, again.keyid)
    assert len(first.public_bytes) == 32
    assert first.private.public_key().public_bytes_raw() == first.public_bytes
    assert again.private.sign(b"x") == first.private.sign(b"x")
    assert [file.name for file in tmp_path.iterdir()] == ["device.key"]


def test_keyid_is_what_hq_expects(tmp_path):
    """HQ finds the device by this name: another one is a stranger."""
    assert keyid(bytes(32)) == "66687aadf862bd776c8fc18b8e9f8e20"
    key = load_or_create(tmp_path)
    assert key.keyid == keyid(key.public_bytes)


def test_only_its_owner_may_read_it(tmp_path):
    """Whoever reads the key can speak for the till."""
    load_or_create(tmp_path)
    path = tmp_path / "device.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(JournalUnusable) as caught:
        load_or_create(tmp_path)
    assert "chmod 600" in caught.value.remedy


def test_interrupted_making_is_made_again(tmp_path):
    """A power cut at the first start must not leave half a key."""
    (tmp_path / "device.new").write_bytes(b"half")
    assert len(load_or_create(tmp_path).public_bytes) == 32
    assert not (tmp_path / "device.new").exists()


def other_key():
    return X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize("content", [b"", b"rubbish", other_key()], ids=["empty", "rubbish", "x"])
def test_damaged_key_is_named_and_kept(tmp_path, content):
    """Silently making a new key would orphan every journal of this device."""
    path = tmp_path / "device.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(JournalUnusable) as caught:
        load_or_create(tmp_path)
    assert caught.value.name == "device-key"
    assert path.read_bytes() == content


def test_missing_directory_is_named(tmp_path):
    """The key must not be made somewhere nobody looks."""
    with pytest.raises(JournalUnusable, match="does not exist"):
        load_or_create(tmp_path / "gone")
