"""Where HQ may be, and whom a till trusts on the way."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.faults import InputFault
from agent.links.address import hq_address
from agent.links.http import HttpLink
from agent.links.trust import trust


@pytest.mark.parametrize(
    "url",
    [
        "https://hq.example",
        "https://hq.example/sync/",
        "http://127.0.0.1:8470",
        "http://localhost:1",
        "http://[::1]:8470",
    ],
)
def test_an_encrypted_or_local_address_is_taken(url):
    """If it were not, a demo on one machine would need certificates."""
    assert url.rstrip("/") == str(hq_address(url))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://hq.example", "hq-not-encrypted"),
        ("http://192.168.1.5:8470", "hq-not-encrypted"),
        ("http://localhost.evil.example", "hq-not-encrypted"),
        ("ftp://hq.example", "hq-address"),
        ("hq.example", "hq-address"),
        ("https://", "hq-address"),
        ("https://hq:port", "hq-address"),
        ("", "hq-address"),
    ],
)
def test_any_other_address_is_refused_with_a_remedy(url, name):
    """If it were taken, sales and customers could cross the network in plain text."""
    with pytest.raises(InputFault) as caught:
        hq_address(url)
    assert name == caught.value.name
    assert "http" in caught.value.remedy


def test_a_missing_or_empty_ca_file_is_refused(tmp_path):
    """If it were ignored, the till would trust others than IT wrote down."""
    with pytest.raises(InputFault, match="ca_file"):
        trust(str(tmp_path / "missing.pem"))
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(InputFault, match="ca_file"):
        trust(str(tmp_path / "empty.pem"))


def test_a_proxy_that_is_none_is_refused():
    """If it were a crash, IT would read a traceback."""
    key = Ed25519PrivateKey.generate()
    with pytest.raises(InputFault, match="proxy"):
        HttpLink("https://hq.example", private_key=key, keyid="k", proxy="nonsense://x")
