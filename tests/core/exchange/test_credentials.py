"""Enrolment: the device shows its key, HQ signs who it is, and both are checked."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from agent.core.exchange import credentials
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.wire import Credential, EnrolRequest

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
