"""An answer that a line changed is not believed, however well it reads; over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.contracts.hq import HqUnreachable
from agent.core.exchange.coding import content_digest
from agent.links.http import HttpLink

PAGE = (
    b'{"items":[{"fseq":1,"key":"item:1","ver":1,"op":"put","body":{"price":1250}}],'
    b'"cursor":"1-aa.1.0000000000000000"}'
)


@asynccontextmanager
async def flipping(flip, *fields):
    """Serve the page from a line that changes some bytes of its content."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", b"Connection: close"]
        head += [b"Content-Length: %d" % len(PAGE), *fields]
        writer.write(b"\r\n".join([*head, b"", flip(PAGE)]))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def price(url, device):
    link = HttpLink(url, private_key=device, keyid="k")
    try:
        page = await link.feed("global", "", 0)
    finally:
        await link.aclose()
    return bytes(page.items[0].body)


@pytest.fixture
def device():
    return Ed25519PrivateKey.generate()


DIGEST = b"Content-Digest: " + content_digest(PAGE).encode()


def cheaper(page):
    return page.replace(b"1250", b"0250")


@pytest.mark.asyncio
async def test_a_flipped_byte_in_a_valid_page_is_a_fault_of_the_line(device):
    """Wrong: a till sells at a price HQ never published."""
    async with flipping(cheaper, DIGEST) as url:
        with pytest.raises(HqUnreachable, match="changed on the way") as caught:
            await price(url, device)
    assert "hq-answer-altered" == caught.value.name


@pytest.mark.asyncio
@pytest.mark.parametrize("fields", [[DIGEST], [], [b"Content-Digest: md5=:AAAA:"]])
async def test_what_is_whole_or_names_no_digest_is_read(device, fields):
    """Wrong: an older HQ could not be read any more."""
    async with flipping(bytes, *fields) as url:
        assert b'{"price":1250}' == await price(url, device)
