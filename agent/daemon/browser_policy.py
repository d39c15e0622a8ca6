"""`till-agent browser-policy`: what a managed Chromium needs to let a web till reach the agent.

A page of the internet may not call this machine without asking the cashier (Local Network Access:
fetch since Chromium 142, WebSockets since 147), and it asks before anything reaches the agent. A
policy answers for the origins of `[agent] allowed_origins`, and for no others. The agent's own
till page is served by the agent itself and needs none.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from agent.core.faults import StateFault
from agent.program.terminal import print_json, say_aside
from agent.settings import Settings, load

FOLDERS = (
    "/etc/chromium/policies/managed",
    "/etc/opt/chrome/policies/managed",
    "/etc/opt/edge/policies/managed",
)
"""Where Chromium, Chrome and Edge read policies on Linux."""
LOOPBACK = "LoopbackNetworkAllowedForUrls"
"""To programs on the browser's own machine; since 146."""
LOCAL = "LocalNetworkAllowedForUrls"
"""To other machines of the shop's network; since 146."""
BEFORE_146 = "LocalNetworkAccessAllowedForUrls"
"""Both of them, 139 and later; where one of the newer ones matches too, that one decides."""


def policy(origins: tuple[str, ...], *, loopback: bool) -> dict[str, list[str]]:
    """Make the policy for some origins.

    Args:
        origins: of the pages, as in `[agent] allowed_origins`.
        loopback: whether the browser runs on the agent's own machine.
    """
    allowed = list(origins)
    return {LOOPBACK if loopback else LOCAL: allowed, BEFORE_146: allowed}


def show_policy(config: Path) -> None:
    """Print the policy of a settings file, and say where it goes.

    Raises:
        SettingsFault: the settings cannot be read.
        StateFault: `no-origins`; there is no page to let in.
    """
    settings = load(config)
    if not settings.agent.allowed_origins:
        raise StateFault(
            f"{config} names no page that may call this agent",
            remedy='set [agent] allowed_origins = ["https://pos.example"] first; the till page of '
            "the agent itself needs no policy",
            name="no-origins",
        )
    print_json(policy(settings.agent.allowed_origins, loopback=_on_this_machine(settings)))
    say_aside(f"→ save it as till-agent.json in {FOLDERS[0]} (Chrome: {FOLDERS[1]}, Edge:")
    say_aside(f"  {FOLDERS[2]}); chrome://policy shows whether it was read")


def _on_this_machine(settings: Settings) -> bool:
    host = settings.agent.listen.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
