"""Where HQ is: `[hq] url`."""

from __future__ import annotations

import ipaddress

import httpx

from agent.core.faults import InputFault

_EXAMPLE = "write it as https://hq.example in [hq] url"


def hq_address(url: str) -> httpx.URL:
    """Read HQ's address; plain http only where it never leaves this machine.

    Raises:
        InputFault: not an address, or plain http to another machine.
    """
    try:
        address = httpx.URL(url.rstrip("/"))
    except httpx.InvalidURL as error:
        raise InputFault(
            f"{url!r} is not an address of HQ: {error}", remedy=_EXAMPLE, name="hq-address"
        ) from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise InputFault(f"{url!r} is not an address of HQ", remedy=_EXAMPLE, name="hq-address")
    if address.scheme == "http" and not _is_loopback(address.host):
        raise InputFault(
            f"{url!r} would send sales and customers unencrypted through the network",
            remedy="use https, or a loopback address such as http://127.0.0.1:8470",
            name="hq-not-encrypted",
        )
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
