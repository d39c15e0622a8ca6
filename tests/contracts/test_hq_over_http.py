"""What only HTTP can answer: statuses, damage, and things that are not HQ at all."""

from __future__ import annotations

import pytest
from litestar import Response

from agent.contracts.hq import HqRefused, HqSlowDown, HqTooLarge, HqUnreachable
from agent.core.exchange.wire import Batch
from agent.links.replies import SLOW_DOWN_MS

BATCH = Batch(1, "ab" * 16, "first", 1, bytes(32), 0, ())


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "headers", "delay_ms"),
    [
        (429, {"Retry-After": "7"}, 7000),
        (503, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, SLOW_DOWN_MS),
        (503, {}, SLOW_DOWN_MS),
    ],
)
async def test_a_wish_for_patience_says_how_long(over_http, hq, status, headers, delay_ms):
    """If it did not, the till would guess, and a date would need a clock that is right."""
    async with over_http.reach(hq) as link:
        over_http.server.instead = Response({}, status_code=status, headers=headers)
        with pytest.raises(HqSlowDown) as caught:
            await link.send(BATCH)
    assert delay_ms == caught.value.delay_ms


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "content", "fault"),
    [
        (413, "", HqTooLarge),
        (500, "broken", HqUnreachable),
        (502, "<html>bad gateway</html>", HqUnreachable),
        (408, "", HqUnreachable),
        (200, "<html>Welcome to the hotel's WiFi</html>", HqUnreachable),
        (200, b"\xff\xfe", HqUnreachable),
        (409, '{"name":"other"}', HqRefused),
        (410, "", HqUnreachable),
        (302, "", HqRefused),
        (404, "not here", HqRefused),
        (400, '{"type":"about:blank","detail":"no"}', HqRefused),
        (426, '{"type":"https://hq/problems/sync-version","title":"Update"}', HqRefused),
    ],
)
async def test_every_status_is_a_fault_by_who_must_act(over_http, hq, status, content, fault):
    """If one were a crash or a success, a proxy's page could stop sync or count as an ack."""
    async with over_http.reach(hq) as link:
        over_http.server.instead = Response(content, status_code=status, media_type="text/plain")
        with pytest.raises(fault) as caught:
            await link.send(BATCH)
    assert caught.value.remedy
    assert caught.value.detail


@pytest.mark.asyncio
async def test_hqs_own_words_are_kept(over_http, hq):
    """If they were not, the shop would read 'HTTP 403' instead of what to do."""
    body = {"type": "/problems/revoked", "detail": "replaced", "remedy": "enrol again"}
    async with over_http.reach(hq) as link:
        over_http.server.instead = Response(body, status_code=403)
        with pytest.raises(HqRefused) as caught:
            await link.send(BATCH)
    fault = caught.value
    assert ("revoked", "replaced", "enrol again") == (fault.name, fault.detail, fault.remedy)


@pytest.mark.asyncio
async def test_damaged_compression_is_no_answer(over_http, hq):
    """If it were a crash, one bad proxy would end sync."""
    async with over_http.reach(hq) as link:
        headers = {"Content-Encoding": "gzip"}
        over_http.server.instead = Response("not gzip", headers=headers, media_type="text/plain")
        with pytest.raises(HqUnreachable, match="damaged"):
            await link.feed("global", "", 0)


@pytest.mark.asyncio
async def test_an_endless_answer_is_cut(over_http, hq, monkeypatch):
    """If it were not, what is not HQ could fill the till's memory."""
    monkeypatch.setattr("agent.links.http.REPLY_BYTES_MAX", 100)
    async with over_http.reach(hq) as link:
        over_http.server.instead = Response("x" * 1000, media_type="text/plain")
        with pytest.raises(HqRefused, match="larger than"):
            await link.feed("global", "", 0)
