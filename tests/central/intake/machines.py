"""What tests of devices do with them: ask, renew, put back, and look at the whole ledger."""

from __future__ import annotations

import msgspec
import pytest

from agent.contracts.hq import HqRefused
from agent.core.exchange.credentials import key_id, renewal
from agent.links.http import HttpLink
from central.ledger.engine import reading
from central.ledger.verify import verify


async def name_of(awaitable):
    """Give the name of a refusal, which must say what to do."""
    with pytest.raises(HqRefused) as caught:
        await awaitable
    assert caught.value.remedy
    return caught.value.name


def whole(hq):
    """List what verifying every journal finds; None of one that is whole."""
    with reading(hq.engine) as conn:
        return [report.fault for report in verify(conn)]


def link_of(hq, key):
    """The way to HQ of a device with this key."""
    link = HttpLink(hq.url, private_key=key, keyid=key_id(key.public_key().public_bytes_raw()))
    hq.links.append(link)
    return link


def renewed_to(key, request, answer, signs):
    """Ask for a new key in the place of the one that `signs`."""
    public = key.public_key().public_bytes_raw()
    return renewal(request, answer, new_key=public, old_sign=signs, new_sign=key.sign)


def kept_of(asked, answer=None):
    """What a till keeps of a renewal HQ has agreed to, and shows it with the credential."""
    shown = (answer.credential, answer.signature) if answer else ("", "")
    return msgspec.structs.replace(
        asked,
        credential=shown[0],
        credential_signature=shown[1],
        replaces_key="",
        replaces_proof="",
    )
