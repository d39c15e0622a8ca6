"""What the till knows of customers it holds no card of: how whole and how old that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.daemon.doctor.finding import Finding, ill, well

FILTER_DAYS_MAX = 3
"""HQ builds the filter every day; a weekend without is no fault yet."""
_NAME = "known customers"
_UNKNOWN = (
    "until then somebody the chain knows may be enrolled here again; HQ brings the two together"
)


def known_customers(told: Mapping[str, Any]) -> Iterator[Finding]:
    """Say what state the filter of everybody the chain knows is in.

    Args:
        told: `GET /v1/status` of the running daemon; empty while none runs.
    """
    sync, held = told.get("sync"), told.get("known_customers")
    if not sync or not sync.get("enrolled"):
        return
    if held is None:
        yield well(_NAME, "HQ has sent no filter yet of those whose cards are not here", _UNKNOWN)
    else:
        yield _aged(held, is_online=sync["online"])


def _aged(held: Mapping[str, Any], *, is_online: bool) -> Finding:
    days = held.get("days_old")
    is_whole = held["pieces"] == held["of"]
    parts = "all of it is here" if is_whole else f"{held['pieces']} of {held['of']} parts"
    age = "" if days is None else f", {days} day{'' if days == 1 else 's'} ago"
    said = f"{parts}, built {held['built_at'] or 'at an unknown time'}{age}"
    if days is not None and days > FILTER_DAYS_MAX:
        if is_online:
            return ill(
                _NAME, said, "HQ builds it every day: till-central status at HQ, and its log"
            )
        return well(_NAME, said, "HQ is away; it comes by itself once HQ is reached")
    return well(_NAME, said, "" if is_whole else f"the rest comes by itself; {_UNKNOWN}")
