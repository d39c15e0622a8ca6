"""The way to HQ: address, certificate, proxy, and whether it is HQ that answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from agent.core.faults import Fault
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.settings import HqSettings

PATIENCE_S = 5.0
SKEW_SHOWN_S = 300
_PROBLEM = "application/problem+json"
_SERVER_ERROR = 500


def reach(hq: HqSettings | None) -> Finding:
    """Call HQ without a signature: it refuses in its own words, and so shows that it is HQ."""
    if hq is None:
        return well("hq", "none in the settings; this agent works alone and keeps everything")
    try:
        return _call(hq)
    except Fault as fault:
        return from_fault("hq", fault)


def _call(hq: HqSettings) -> Finding:
    import httpx

    from agent.links.address import hq_address
    from agent.links.replies import unreachable
    from agent.links.trust import trust

    address = hq_address(hq.url)
    try:
        with httpx.Client(
            verify=trust(hq.ca_file), proxy=hq.proxy, timeout=PATIENCE_S, trust_env=False
        ) as client:
            answer = client.get(f"{str(address).rstrip('/')}/v1/feeds/global")
    except httpx.TransportError as error:
        raise unreachable(error, address) from error
    return _judged(hq, answer.status_code, answer.headers)


def _judged(hq: HqSettings, status: int, told: Mapping[str, str]) -> Finding:
    if status >= _SERVER_ERROR:
        return ill("hq", f"{hq.url} answers with status {status}", "look into HQ's log")
    if told.get("content-type", "").partition(";")[0] != _PROBLEM:
        return ill(
            "hq",
            f"what answers at {hq.url} is not HQ (status {status}, "
            f"{told.get('content-type', 'no content')})",
            "check [hq] url; open it in a browser on this machine: a proxy may stand in between",
        )
    return well("hq", f"{hq.url} answers{_skew(told.get('date', ''))}")


def _skew(date: str) -> str:
    """Note how far the clocks are apart; nothing depends on it (P11)."""
    try:
        ahead_s = int(time.time() - parsedate_to_datetime(date).timestamp())
    except ValueError:
        return ""
    if abs(ahead_s) < SKEW_SHOWN_S:
        return ""
    which = "ahead of" if ahead_s > 0 else "behind"
    return f"; this machine's clock is {abs(ahead_s) // 60} min {which} HQ's, receipts show it"
