"""The way to HQ that the settings ask for, signed by the device key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.core.exchange.signed import Sign
from agent.core.faults import InputFault
from agent.journal.device_key import DeviceKey
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.links.http import HttpLink


def link_to_hq(settings: Settings, key: DeviceKey) -> HttpLink:
    """Make the link of `[hq]`.

    Raises:
        InputFault: there is no HQ in the settings, or its address or files cannot be used.
    """
    hq = settings.hq
    if hq is None:
        raise InputFault("the settings name no HQ", remedy='add [hq] with url = "https://…"')
    # A till without HQ does not load what speaks to it.
    from agent.links.http import HttpLink

    return HttpLink(
        hq.url, private_key=key.private, keyid=key.keyid, ca_file=hq.ca_file, proxy=hq.proxy
    )


def signer(key: DeviceKey) -> Sign:
    """Sign bytes by the device key (Ed25519, RFC 8032)."""
    return key.private.sign
