"""HQ's replies as values or as faults, divided by who must act; no reply means "discard"."""

from __future__ import annotations

import ssl
from typing import TypeVar

import httpx
import msgspec

from agent.contracts.hq import (
    HqRefused,
    HqSlowDown,
    HqTooLarge,
    HqUnreachable,
    NoCommonVersion,
)
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.versions import SYNC_VERSIONS, VERSIONS_HEADER, Versions, advice, parse
from agent.core.exchange.wire import Ack, Behind, Fork
from agent.core.faults import Fault
from agent.links.trust import EXPIRED

SLOW_DOWN_MS = 5_000
"""How long to wait where HQ says "later" without saying when."""

_SAME_VERSION = "update the agent or HQ, so that both speak the same sync version"
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

T = TypeVar("T")


class Problem(msgspec.Struct):
    """What is read of HQ's `application/problem+json` (RFC 9457)."""

    type: str = "about:blank"
    title: str = ""
    detail: str = ""
    remedy: str = ""


class _Named(msgspec.Struct):
    """The part of a 409 that tells which shape it is."""

    name: str = ""


def position(
    status: int, headers: httpx.Headers, content: bytes, ours: Versions = SYNC_VERSIONS
) -> Ack | Behind | Fork:
    """Read the answer to a batch.

    Raises:
        HqUnreachable, HqSlowDown, HqTooLarge, HqRefused: by the status.
    """
    if status == httpx.codes.OK:
        return decoded(content, Ack)
    if status == httpx.codes.GONE:
        return decoded(content, Behind)
    if status == httpx.codes.CONFLICT:
        named = decoded(content, _Named).name
        if named == "fork":
            return decoded(content, Fork)
        if named == "behind":
            return decoded(content, Behind)
    raise fault_of(status, headers, content, ours)


def decoded(content: bytes, shape: type[T]) -> T:
    """Read a reply's JSON.

    Raises:
        HqUnreachable: something other than HQ answered, such as a hotel's login page.
    """
    try:
        return msgspec.json.decode(content, type=shape)
    except _UNREADABLE as error:
        raise HqUnreachable(
            f"what answered is not HQ: {error}",
            remedy="open [hq] url in a browser on this machine; a proxy may stand in between",
            name="hq-not-understood",
        ) from error


def fault_of(
    status: int, headers: httpx.Headers, content: bytes, ours: Versions = SYNC_VERSIONS
) -> Fault:
    """Make a fault of any other status, with HQ's own words where it gave some."""
    problem = _problem(content)
    said = problem.detail or problem.title or f"HQ answered with HTTP status {status}"
    if status in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}:
        return HqSlowDown(said, remedy="nothing: it is tried again", delay_ms=_delay_ms(headers))
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return HqTooLarge(said, remedy="nothing: less is sent at once")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        return HqUnreachable(said, remedy=problem.remedy or "look into HQ's log")
    if status == httpx.codes.GONE:
        return FeedGone(said, remedy="nothing: the feed is read from the start")
    if status == httpx.codes.UPGRADE_REQUIRED:
        theirs = parse(headers.get(VERSIONS_HEADER, ""))
        return NoCommonVersion(said, remedy=advice(ours, theirs) if theirs else _SAME_VERSION)
    name = problem.type.rstrip("/").rpartition("/")[2].rpartition(":")[2]
    remedy = problem.remedy or "compare [hq] url, the enrolment and the versions of both sides"
    return HqRefused(said, remedy=remedy, name=None if name in {"", "blank"} else name)


def unreachable(error: httpx.TransportError, address: httpx.URL) -> HqUnreachable:
    """Say in plain words why no answer came."""
    if tls := _tls_reason(error):
        if EXPIRED in tls:
            return HqUnreachable(
                f"the certificate of HQ at {address} has expired, by HQ's own time",
                remedy="renew the certificate at HQ; this machine's clock has no say in it",
                name="tls-certificate-expired",
            )
        return HqUnreachable(
            f"HQ at {address} shows a certificate this machine does not trust: {tls}",
            remedy="set [hq] ca_file to the authority that signed it; the name in [hq] url must "
            "stand in it",
            name="hq-not-trusted",
        )
    return HqUnreachable(
        f"HQ at {address} does not answer: {str(error) or type(error).__name__}",
        remedy="nothing at the till: sales go on and are sent later; check the network and HQ",
    )


def altered(address: httpx.URL) -> HqUnreachable:
    """Say that an answer is not the one HQ sent; nothing of it is believed."""
    return HqUnreachable(
        f"what came from HQ at {address} was changed on the way: its Content-Digest is of another "
        "content",
        remedy="nothing at the till: it is asked for again; if this stays, look at what stands "
        "between till and HQ",
        name="hq-answer-altered",
    )


def _tls_reason(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return getattr(error, "verify_message", "") or str(error)
        error = error.__cause__ or error.__context__
    return ""


def _delay_ms(headers: httpx.Headers) -> int:
    """Read Retry-After in seconds (RFC 9110, 10.2.3); its date form needs a clock and is not."""
    text = headers.get("Retry-After", "").strip()
    return int(text) * 1000 if text.isascii() and text.isdigit() else SLOW_DOWN_MS


def _problem(content: bytes) -> Problem:
    try:
        return msgspec.json.decode(content, type=Problem)
    except _UNREADABLE:
        return Problem()
