"""Enrolment: the device shows its key, HQ signs who it is, and both are checked."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from msgspec.structs import replace

from agent.core.entries.chain import genesis
from agent.core.exchange import credentials
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.wire import Ancestor, Credential, EnrolRequest, Predecessor

DEVICE_KEY = bytes(range(32))
JOURNALS = {"side": "cd" * 16, "sales": "ab" * 16}


def device_sign(message: bytes) -> bytes:
    return hashlib.sha256(b"device" + message).digest()


def device_verify(signature: bytes, message: bytes) -> bool:
    return signature == device_sign(message)


def a_request(code: str = "CODE") -> EnrolRequest:
    return credentials.make_request(
        device_sign,
        code=code,
        device_key=DEVICE_KEY,
        store="store-1",
        till="till-1",
        journals=JOURNALS,
    )


def an_answer(sign, request: EnrolRequest):
    return credentials.make_answer(
        sign, request, issued_at="2024-01-01T00:00:00.000Z", root_key=b"r" * 32, epoch="1-aa"
    )


def test_a_credential_has_one_spelling():
    """If the order of journals changed the bytes, a signature would not be reproducible."""
    one = Credential("s", "t", "00", {"side": "1", "sales": "2"}, "now")
    other = Credential("s", "t", "00", {"sales": "2", "side": "1"}, "now")
    assert credentials.credential_bytes(one) == credentials.credential_bytes(other)
    assert credentials.credential_bytes(one).startswith(b"{")


def test_the_proof_is_over_this_code_and_this_key():
    """If it were not, a code that was overheard could enrol a stranger's key."""
    request = a_request()
    assert credentials.is_proven(request, device_verify)
    assert not credentials.is_proven(msgspec.structs.replace(request, code="OTHER"), device_verify)
    assert not credentials.is_proven(
        msgspec.structs.replace(request, device_key="00" * 32), device_verify
    )


def test_an_answer_for_this_till_is_accepted(sign, verify):
    """If it were not, no till could be enrolled."""
    request = a_request()
    answer = an_answer(sign, request)
    credential = credentials.accept_answer(answer, request, verify)
    assert ("store-1", "till-1", JOURNALS) == (
        credential.store,
        credential.till,
        credential.journals,
    )
    assert ("global", "store:store-1") == answer.scopes


@pytest.mark.parametrize("field", ["store", "till", "device_key", "journals"])
def test_an_answer_for_another_till_is_refused_by_name(sign, verify, field):
    """If it were taken, a code handed to the wrong till would mix up two tills' sales."""
    other = {"sales": "ee" * 16} if field == "journals" else "other"
    answer = an_answer(sign, msgspec.structs.replace(a_request(), **{field: other}))
    with pytest.raises(CredentialFault, match=f"another {field}"):
        credentials.accept_answer(answer, a_request(), verify)


def test_an_answer_without_hqs_signature_is_refused(sign, verify):
    """If it were taken, anyone on the way could stand in for HQ."""
    answer = msgspec.structs.replace(an_answer(sign, a_request()), signature="00")
    with pytest.raises(CredentialFault, match="signature of HQ's root key"):
        credentials.accept_answer(answer, a_request(), verify)


def test_signed_text_that_is_no_credential_is_refused(sign, verify):
    """If it were not a fault with a remedy, a version mix-up would be a crash."""
    with pytest.raises(CredentialFault, match="cannot be read"):
        credentials.read_credential("{}", sign(b"{}").hex(), verify)


def test_a_forgotten_till_is_readmitted_by_its_credential(sign, verify):
    """If it were not, an HQ restored from a backup would need an operator at every till."""
    request = a_request()
    again = credentials.readmission(request, an_answer(sign, request), device_sign)
    assert "" == again.code
    assert credentials.is_proven(again, device_verify)
    assert "till-1" == credentials.readmitted(again, verify).till


def test_another_device_is_not_readmitted_by_a_stolen_credential(sign, verify):
    """If it were, a credential read from a backup would open HQ to any key."""
    request = a_request()
    again = credentials.readmission(request, an_answer(sign, request), device_sign)
    with pytest.raises(CredentialFault, match="another device_key"):
        credentials.readmitted(msgspec.structs.replace(again, device_key="00" * 32), verify)


NEW_JOURNAL = "ee" * 16
LAST = Predecessor("ab" * 16, 7, "0f" * 32, "fork")


def a_succession(sign, **changes) -> EnrolRequest:
    """Ask for a successor of the sales journal."""
    request = a_request()
    successors = {"sales": (NEW_JOURNAL, DEVICE_KEY, LAST)}
    asked = credentials.succession(request, an_answer(sign, request), device_sign, successors)
    return msgspec.structs.replace(asked, **changes)


def test_a_successor_is_bound_by_the_credential_of_its_predecessor(sign, verify):
    """If it were not, a copied disk would need a person at the till before HQ hears of a sale."""
    asked = a_succession(sign)
    assert JOURNALS == credentials.readmitted(asked, verify).journals
    assert (NEW_JOURNAL, JOURNALS["side"]) == (asked.journals["sales"], asked.journals["side"])
    assert credentials.is_proven(asked, device_verify)
    credential = credentials.accept_answer(an_answer(sign, asked), asked, verify)
    assert ({"sales": LAST}, {}) == (credential.predecessors, credential.journal_keys)


def test_successors_of_both_lanes_are_bound_one_after_the_other(sign, verify):
    """If the first were forgotten, a restored HQ could not compute its journal's beginning."""
    first = a_succession(sign)
    side = Predecessor(JOURNALS["side"], 3, "0e" * 32, "fork")
    second = credentials.succession(
        first, an_answer(sign, first), device_sign, {"side": ("dd" * 16, b"k" * 32, side)}
    )
    credentials.readmitted(second, verify)
    assert {"sales": LAST, "side": side} == second.predecessors
    assert {"side": (b"k" * 32).hex()} == second.journal_keys
    third = Predecessor("dd" * 16, 9, "0d" * 32, "fork")
    last = credentials.succession(
        second, an_answer(sign, second), device_sign, {"side": ("cc" * 16, DEVICE_KEY, third)}
    )
    credentials.readmitted(last, verify)
    assert {} == last.journal_keys


@pytest.mark.parametrize(
    "change",
    [
        {"journals": JOURNALS | {"sales": NEW_JOURNAL, "side": "ff" * 16}},
        {"journals": {"sales": NEW_JOURNAL}},
        {"journals": JOURNALS | {"sales": NEW_JOURNAL, "third": "aa" * 16}},
        {"predecessors": {}},
        {"predecessors": {"sales": msgspec.structs.replace(LAST, journal_id="ff" * 16)}},
        {"predecessors": {"sales": LAST, "third": LAST}},
        {"predecessors": {"sales": LAST, "side": LAST}},
        {"journal_keys": {"side": "00" * 32}},
        {"store": "store-2"},
        {"till": "till-2"},
    ],
)
def test_a_journal_that_follows_from_nothing_is_not_bound(sign, verify, change):
    """If it were, one credential would let a device write into other tills' histories."""
    with pytest.raises(CredentialFault, match="another"):
        credentials.readmitted(a_succession(sign, **change), verify)


NEW_KEY = b"n" * 32


def new_sign(message: bytes) -> bytes:
    return hashlib.sha256(b"new" + message).digest()


def verify_by(key: bytes):
    signs = {DEVICE_KEY: device_sign, NEW_KEY: new_sign}.get(key)
    return lambda signature, message: signs is not None and signature == signs(message)


def a_renewal(sign, **changes) -> EnrolRequest:
    request = a_request()
    asked = credentials.renewal(
        request,
        an_answer(sign, request),
        new_key=NEW_KEY,
        old_sign=device_sign,
        new_sign=new_sign,
    )
    return msgspec.structs.replace(asked, **changes)


def test_a_new_key_takes_over_under_the_old_ones_signature(sign, verify):
    """If it could not, a key would have to last as long as its machine."""
    asked = a_renewal(sign)
    assert credentials.is_proven(asked, verify_by(NEW_KEY))
    assert DEVICE_KEY.hex() == credentials.readmitted(asked, verify, verify_by).device_key
    credential = credentials.accept_answer(an_answer(sign, asked), asked, verify)
    assert NEW_KEY.hex() == credential.device_key
    assert dict.fromkeys(JOURNALS, DEVICE_KEY.hex()) == credential.journal_keys


def test_a_renewed_till_is_readmitted_by_its_new_credential(sign, verify):
    """If it were not, a restored HQ would lock out every till that has renewed its key."""
    asked = a_renewal(sign)
    again = credentials.readmission(asked, an_answer(sign, asked), new_sign)
    assert NEW_KEY.hex() == credentials.readmitted(again, verify).device_key


def test_a_key_is_renewed_more_than_once(sign, verify):
    """If journals forgot the key they were begun under, their beginning could not be proven."""
    asked = a_renewal(sign)
    third = credentials.renewal(
        asked,
        an_answer(sign, asked),
        new_key=DEVICE_KEY,
        old_sign=new_sign,
        new_sign=device_sign,
    )
    assert NEW_KEY.hex() == credentials.readmitted(third, verify, verify_by).device_key
    assert dict.fromkeys(JOURNALS, DEVICE_KEY.hex()) == third.journal_keys


@pytest.mark.parametrize(
    "change",
    [
        {"replaces_key": ""},
        {"replaces_key": NEW_KEY.hex()},
        {"replaces_proof": ""},
        {"replaces_proof": "00" * 32},
        {"device_key": "11" * 32},
        {"journal_keys": {}},
        {"journals": JOURNALS | {"sales": NEW_JOURNAL}},
    ],
)
def test_a_key_the_old_one_did_not_sign_takes_nothing_over(sign, verify, change):
    """If it did, whoever reads a credential could become that till."""
    with pytest.raises(CredentialFault, match="another"):
        credentials.readmitted(a_renewal(sign, **change), verify, verify_by)


def test_a_renewal_is_not_taken_where_keys_cannot_be_checked(sign, verify):
    """If it were, an HQ without a check would believe any key."""
    with pytest.raises(CredentialFault, match="another device_key"):
        credentials.readmitted(a_renewal(sign), verify)


def test_a_request_names_the_keys_its_journals_were_begun_under():
    """If it did not, a till enrolled anew after a renewal could not prove its old journals."""
    asked = credentials.make_request(
        device_sign,
        code="CODE",
        device_key=DEVICE_KEY,
        store="store-1",
        till="till-1",
        journals=JOURNALS,
        journal_keys={"sales": NEW_KEY, "side": DEVICE_KEY},
    )
    assert {"sales": NEW_KEY.hex()} == asked.journal_keys


def test_only_journals_of_this_very_till_count_as_ended_here():
    """If others did, one code would lend a device the journals of another shop."""
    first = genesis("ab" * 16, "store-1", "till-1", "side", DEVICE_KEY, b"p" * 32)
    own = Ancestor("ab" * 16, "side", first.hex(), DEVICE_KEY.hex(), (b"p" * 32).hex())
    others = [
        replace(own, journal_id="cd" * 16),
        replace(own, lane="sales"),
        replace(own, device_key="00" * 32),
        replace(own, before=""),
        replace(own, genesis="zz"),
    ]
    asked = replace(a_request(), ancestors=(*others, own))
    assert (Ancestor("ab" * 16, "side", first.hex()),) == credentials.own_ancestors(asked)
    elsewhere = replace(asked, store="store-2")
    assert () == credentials.own_ancestors(elsewhere)
