"""What tests of devices do with them: ask, renew, put back, and look at the whole ledger."""

from __future__ import annotations

import secrets

import msgspec
import pytest

from agent.contracts.hq import HqRefused
from agent.core.exchange.credentials import key_id, renewal, succession
from agent.core.exchange.wire import Predecessor
from agent.links.http import HttpLink
from central.ledger.engine import reading
from central.ledger.verify import verify
from tests.central.served import Till


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


def successor(till, lane="side", *, seq, hash_=None, reason="fork"):
    """The till with a journal that goes on from `seq` of the old one, and the request for it."""
    new = Till(till.store, till.till)
    new.key, new.public, new.keyid = till.key, till.public, till.keyid
    new.journals = till.journals | {lane: secrets.token_hex(16)}
    new.answer = till.answer
    before = Predecessor(till.journals[lane], seq, (hash_ or till.hash_at(lane, seq)).hex(), reason)
    new.born = {lane: (bytes.fromhex(before.hash), till.public)}
    request = succession(
        till.request(""),
        till.answer,
        till.key.sign,
        {lane: (new.journals[lane], till.public, before)},
    )
    return new, request
