"""TLS: a certificate nobody vouches for is named as such, one of `ca_file` is good."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.contracts.hq import HqUnreachable
from agent.links.http import HttpLink

PAGE = b'{"items":[],"cursor":"1-aa.0.0000000000000000"}'


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hq")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "hq.pem"
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + pem)
    return path


async def answer(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE)
    await writer.drain()
    writer.close()


@pytest.mark.asyncio
async def test_only_a_vouched_for_hq_is_spoken_to(certificate):
    """If any certificate would do, anyone on the way could take the sales."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    key = Ed25519PrivateKey.generate()
    async with server:
        stranger = HttpLink(url, private_key=key, keyid="k")
        with pytest.raises(HqUnreachable, match="certificate") as caught:
            await stranger.feed("global", "", 0)
        assert "hq-not-trusted" == caught.value.name
        assert "ca_file" in caught.value.remedy
        await stranger.aclose()
        link = HttpLink(url, private_key=key, keyid="k", ca_file=str(certificate))
        assert () == (await link.feed("global", "", 0)).items
        await link.aclose()
