"""TLS: chain and name are always checked, dates by HQ's time and never by this machine's."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.contracts.hq import HqUnreachable
from agent.links.http import HttpLink
from agent.links.known_time import FRESH_S, RELEASED, KnownTime

PAGE = b'{"items":[],"cursor":"1-aa.0.0000000000000000"}'
YEAR, DAY = timedelta(days=365), timedelta(days=1)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


class Authority:
    """A certificate authority for the length of a test; its own dates are long over or to come."""

    def __init__(self, directory) -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = named("authority")
        built = (
            x509.CertificateBuilder(self.name, self.name, self.key.public_key(), 1)
            .not_valid_before(RELEASED - 30 * YEAR)
            .not_valid_after(RELEASED + 30 * YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file = directory / "ca.pem"
        self.file.write_bytes(built.public_bytes(serialization.Encoding.PEM))

    def certificate(self, before, after, address="127.0.0.1"):
        """Issue a certificate that is valid between two times."""
        key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        held_for = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        built = (
            x509.CertificateBuilder(self.name, named("hq"), key.public_key(), serial)
            .not_valid_before(before)
            .not_valid_after(after)
            .add_extension(held_for, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = self.directory / "hq.pem"
        path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + pem)
        return path


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@asynccontextmanager
async def served(certificate, date=None):
    """Serve one page per connection, saying what time it is."""
    asked = []

    async def answer(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        told = f"Date: {format_datetime(date, usegmt=True)}\r\n" if date else ""
        writer.write(
            b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n"
            % (told.encode(), len(PAGE))
            + PAGE
        )
        await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@asynccontextmanager
async def linked(url, ca_file):
    link = HttpLink(
        url, private_key=Ed25519PrivateKey.generate(), keyid="k", ca_file=ca_file and str(ca_file)
    )
    try:
        yield link
    finally:
        await link.aclose()


@pytest.mark.asyncio
async def test_only_a_vouched_for_hq_is_spoken_to(authority):
    """If any certificate would do, anyone on the way could take the sales."""
    good = authority.certificate(RELEASED - YEAR, RELEASED + 30 * YEAR)
    async with served(good) as (url, asked), linked(url, None) as stranger:
        with pytest.raises(HqUnreachable, match="certificate") as caught:
            await stranger.feed("global", "", 0)
        assert "hq-not-trusted" == caught.value.name
        assert "ca_file" in caught.value.remedy
        async with linked(url, authority.file) as link:
            assert () == (await link.feed("global", "", 0)).items
    assert 1 == len(asked)


@pytest.mark.asyncio
async def test_another_name_is_not_hq(authority):
    """If it were, any site of the same authority could take the sales."""
    other = authority.certificate(RELEASED - YEAR, RELEASED + 30 * YEAR, address="127.0.0.2")
    async with served(other) as (url, asked), linked(url, authority.file) as link:
        with pytest.raises(HqUnreachable) as caught:
            await link.feed("global", "", 0)
    assert ("hq-not-trusted", []) == (caught.value.name, asked)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("before", "after"),
    [(10 * YEAR, 11 * YEAR), (-YEAR, DAY)],
    ids=["the clock is years behind", "the clock is ahead"],
)
async def test_a_till_with_a_wrong_clock_still_reaches_hq(authority, before, after):
    """If it did not, an empty battery on a board would keep a store's sales from HQ (P11)."""
    certificate = authority.certificate(RELEASED + before, RELEASED + after)
    inside = RELEASED + after - DAY / 2
    async with served(certificate, inside) as (url, _), linked(url, authority.file) as link:
        assert () == (await link.feed("global", "", 0)).items
        assert () == (await link.feed("global", "", 0)).items


@pytest.mark.asyncio
async def test_a_certificate_that_hqs_own_time_calls_expired_is_refused_by_name(authority):
    """If it were taken for ever, a stolen old key would do; if unnamed, IT would set the clock."""
    certificate = authority.certificate(RELEASED - YEAR, RELEASED + DAY)
    late = RELEASED + 2 * DAY
    async with served(certificate, late) as (url, asked), linked(url, authority.file) as link:
        assert () == (await link.feed("global", "", 0)).items
        with pytest.raises(HqUnreachable) as caught:
            await link.feed("global", "", 0)
    assert ("tls-certificate-expired", 1) == (caught.value.name, len(asked))
    assert "renew the certificate" in caught.value.remedy


@pytest.mark.asyncio
async def test_a_certificate_from_before_this_program_has_expired(authority):
    """If it were taken, the oldest stolen key would open the way to a fresh till."""
    certificate = authority.certificate(RELEASED - 2 * YEAR, RELEASED - DAY)
    async with served(certificate) as (url, asked), linked(url, authority.file) as link:
        with pytest.raises(HqUnreachable) as caught:
            await link.feed("global", "", 0)
    assert ("tls-certificate-expired", []) == (caught.value.name, asked)


def test_hqs_word_about_the_time_is_asked_for_again():
    """If it were believed for good, one wrong clock at HQ would lock every till out for ever."""
    now = [0.0]
    known = KnownTime(lambda: now[0])
    assert RELEASED == known.at_least()
    known.heard(format_datetime(RELEASED + 10 * YEAR, usegmt=True))
    now[0] = 60.0
    assert RELEASED + 10 * YEAR + timedelta(minutes=1) == known.at_least()
    known.heard("no date at all")
    known.heard(None)
    now[0] = FRESH_S + 1
    assert RELEASED == known.at_least()
    known.heard(format_datetime(RELEASED - YEAR))
    assert RELEASED == known.at_least()
