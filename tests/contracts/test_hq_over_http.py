"""What only HTTP can answer: statuses, damage, and things that are not HQ at all."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from litestar import Response

from agent.contracts.hq import (
    HqRefused,
    HqSlowDown,
    HqTooLarge,
    HqUnreachable,
    NoCommonVersion,
)
from agent.core.entries.chain import genesis
from agent.core.exchange.credentials import make_request
from agent.core.exchange.dictionary import CODINGS
from agent.core.exchange.versions import Versions
from agent.core.exchange.wire import Ack, Batch
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
@pytest.mark.parametrize(
    ("ours", "theirs", "tried"),
    [
        ((1, 1), (1, 2), ["1"]),
        ((1, 2), (1, 1), ["2", "1", "1"]),
        ((1, 3), (2, 2), ["3", "2", "2"]),
        ((2, 3), (2, 9), ["3", "3"]),
    ],
)
async def test_the_highest_common_version_is_found_at_once(over_http, hq, ours, theirs, tried):
    """If it were not, an update of one side would cut every store off, or wait for the other."""
    async with over_http.reach(hq, Versions(*ours)) as link:
        over_http.server.versions = Versions(*theirs)
        with pytest.raises(HqRefused, match="does not know the device"):
            await link.send(BATCH)
        if tried[1:]:
            with pytest.raises(HqRefused, match="does not know the device"):
                await link.send(BATCH)
        assert tried == over_http.server.seen_versions
        assert int(tried[-1]) == link.version


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("ours", "theirs", "who"),
    [((1, 2), (3, 4), "update this till-agent"), ((3, 4), (1, 2), "update till-central")],
)
async def test_no_common_version_says_who_is_to_be_updated(over_http, hq, ours, theirs, who):
    """If it did not, IT would update the wrong side; if the batch were dropped, so is a sale."""
    async with over_http.reach(hq, Versions(*ours)) as link:
        over_http.server.versions = Versions(*theirs)
        for ask in (lambda: link.send(BATCH), lambda: link.feed("global", "", 0)):
            with pytest.raises(NoCommonVersion) as caught:
                await ask()
            assert ("sync-version", who) == (caught.value.name, caught.value.remedy[: len(who)])


@pytest.mark.asyncio
async def test_an_updated_hq_is_spoken_to_in_the_newer_version(over_http, hq):
    """If it were not, a till would speak the old version until it is restarted."""
    async with over_http.reach(hq, Versions(1, 2)) as link:
        over_http.server.versions = Versions(1, 1)
        await link.feed("global", "", 0)
        over_http.server.versions = Versions(1, 2)
        await link.feed("global", "", 0)
        await link.feed("global", "", 0)
        assert ["2", "1", "1", "2"] == over_http.server.seen_versions


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


JOURNAL = "ab" * 16


async def heartbeat(link, hq, device):
    """Enrol, and make an empty batch."""
    hq.issue_code("CODE", "store-1", "till-1")
    key = device.public_key().public_bytes_raw()
    names = {"store": "store-1", "till": "till-1"}
    journals = {"sales": JOURNAL, "side": "cd" * 16}
    request = make_request(device.sign, code="CODE", device_key=key, journals=journals, **names)
    await link.enrol(request)
    first = genesis(JOURNAL, *names.values(), "sales", key)
    return Batch(1, JOURNAL, "first", 1, first, 0, ())


def codings(server):
    """List how batches came in."""
    return [seen["content-encoding"] for seen in server.seen if "content-encoding" in seen]


@pytest.mark.asyncio
async def test_the_dictionary_is_used_where_hq_names_it(over_http, hq, device):
    """If it were used before, an older HQ would refuse every sale of an updated till."""
    async with over_http.reach(hq) as link:
        batch = await heartbeat(link, hq, device)
        for offered in (CODINGS[:1], CODINGS, CODINGS):
            over_http.server.codings = offered
            assert isinstance(await link.send(batch), Ack)
    assert ["zstd", "zstd", "x-till-1"] == codings(over_http.server)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 403, 415, 501])
async def test_an_hq_put_back_to_an_older_one_gets_plain_batches(over_http, hq, device, status):
    """If it did not, every till would be cut off until it is restarted."""
    async with over_http.reach(hq) as link:
        batch, server = await heartbeat(link, hq, device), over_http.server
        server.codings = CODINGS
        await link.send(batch)
        await link.send(batch)
        server.refused = {"x-till-1": status}
        assert isinstance(await link.send(batch), Ack)
        server.refused = {}
        assert isinstance(await link.send(batch), Ack)
    assert ["zstd", "x-till-1", "x-till-1", "zstd", "zstd"] == codings(server)


@pytest.mark.asyncio
async def test_what_is_refused_in_any_coding_says_nothing_of_the_coding(over_http, hq, device):
    """If it did, a till that was refused once would pay for it by every sale to come."""
    async with over_http.reach(hq) as link:
        batch, server = await heartbeat(link, hq, device), over_http.server
        server.codings = CODINGS
        await link.send(batch)
        with pytest.raises(HqRefused):
            await link.send(msgspec.structs.replace(batch, journal_id="ef" * 16))
        await link.send(batch)
    assert ["zstd", "x-till-1", "zstd", "x-till-1"] == codings(server)


@pytest.mark.asyncio
async def test_what_hq_had_no_time_for_says_nothing_of_the_coding(over_http, hq, device):
    """If it did, one busy minute of HQ would cost bytes by every sale until the next restart."""
    async with over_http.reach(hq) as link:
        batch, server = await heartbeat(link, hq, device), over_http.server
        server.codings = CODINGS
        await link.send(batch)
        server.refused = {"x-till-1": 403, "zstd": 503}
        with pytest.raises(HqSlowDown):
            await link.send(batch)
        server.refused = {}
        await link.send(batch)
    assert ["zstd", "x-till-1", "zstd", "x-till-1"] == codings(server)


@pytest.mark.asyncio
async def test_journals_that_are_refused_together_all_go_plain(over_http, hq, device):
    """If one had to wait, an HQ put back to an older one would raise an alarm at every till."""
    async with over_http.reach(hq) as link:
        batch, server = await heartbeat(link, hq, device), over_http.server
        server.codings = CODINGS
        await link.send(batch)
        server.refused = {"x-till-1": 415}
        replies = await asyncio.gather(*(link.send(batch) for _ in range(3)))
        assert all(isinstance(reply, Ack) for reply in replies)
        await link.send(batch)
    assert "zstd" == codings(server)[-1]


@pytest.mark.asyncio
async def test_another_dictionary_is_not_taken_for_this_one(over_http, hq, device):
    """If it were, every batch to a newer HQ would travel twice."""
    async with over_http.reach(hq) as link:
        batch, server = await heartbeat(link, hq, device), over_http.server
        server.codings = ("zstd", "x-till-10")
        await link.send(batch)
        await link.send(batch)
    assert ["zstd", "zstd"] == codings(server)
