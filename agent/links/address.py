"""Where HQ is, and whom to trust on the way there: `[hq] url`, `ca_file`, `proxy`."""

from __future__ import annotations

import ipaddress
import ssl

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


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Trust the system's certificate authorities; where `ca_file` is given, it alone.

    Raises:
        InputFault: the file cannot be read or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise InputFault(
            f"the certificates of [hq] ca_file = {ca_file!r} cannot be used: {error}",
            remedy="give a readable PEM file with the authority that signed HQ's certificate",
            name="hq-ca-file",
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
