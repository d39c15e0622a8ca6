"""Enrolment as statements: the proof a device sends, the credential HQ's root key signs.

The credential is the till's, signed by a key that is not in HQ's database: an HQ restored from a
backup older than an enrolment readmits the till by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Sign, Verify, statement, unhex
from agent.core.exchange.wire import Credential, EnrolAnswer, EnrolRequest

_DOMAIN = b"till-agent enrolment v1"
_KEY_ID_CHARACTERS = 32


def credential_bytes(credential: Credential) -> bytes:
    """Write a credential as canonical JSON: what travels, and what the root key signs.

    It begins with `{`, as no other signed statement does (see `signed.statement`).
    """
    return msgspec.json.encode(credential, order="deterministic")


def proof_bytes(code: str, device_key: bytes) -> bytes:
    """Write what a device signs to show that it holds the private half of `device_key`."""
    return statement(_DOMAIN, code.encode(), device_key)


def key_id(device_key: bytes) -> str:
    """Name a device key in a signature (RFC 9421 `keyid`): a hash, so that no key is guessed.

    >>> key_id(bytes(32))
    '66687aadf862bd776c8fc18b8e9f8e20'
    """
    return hashlib.sha256(device_key).hexdigest()[:_KEY_ID_CHARACTERS]


def make_request(
    sign: Sign, *, code: str, device_key: bytes, store: str, till: str, journals: Mapping[str, str]
) -> EnrolRequest:
    """Ask HQ for a credential; `journals` is lane → journal id of this till."""
    proof = sign(proof_bytes(code, device_key))
    return EnrolRequest(code, device_key.hex(), proof.hex(), dict(journals), store, till)


def is_proven(request: EnrolRequest, verify: Verify) -> bool:
    """Tell whether the sender holds the key it asks for; `verify` checks by that very key."""
    message = proof_bytes(request.code, unhex(request.device_key))
    return verify(unhex(request.proof), message)


def make_answer(
    sign: Sign, request: EnrolRequest, *, issued_at: str, root_key: bytes, epoch: str
) -> EnrolAnswer:
    """Sign a credential for a device that has shown its code and its key."""
    credential = Credential(
        request.store, request.till, request.device_key, request.journals, issued_at
    )
    text = credential_bytes(credential)
    scopes = ("global", f"store:{request.store}")
    return EnrolAnswer(text.decode(), sign(text).hex(), root_key.hex(), epoch, scopes)


def read_credential(text: str, signature: str, verify: Verify) -> Credential:
    """Read a credential that HQ's root key has signed.

    Raises:
        CredentialFault: the signature is not HQ's, or the text is no credential.
    """
    if not verify(unhex(signature), text.encode()):
        raise CredentialFault(
            "the credential does not carry the signature of HQ's root key",
            remedy="enrol this till again with a new code from till-central enrol-code",
        )
    try:
        return msgspec.json.decode(text, type=Credential)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CredentialFault(
            f"the credential cannot be read: {error}",
            remedy="enrol this till again, with the same version at HQ and at the till",
        ) from error


def accept_answer(answer: EnrolAnswer, request: EnrolRequest, verify: Verify) -> Credential:
    """Check that HQ's answer is for exactly the device, till and journals that asked.

    Raises:
        CredentialFault: not signed by HQ, or for another store, till, key or journal.
    """
    credential = read_credential(answer.credential, answer.signature, verify)
    _check_same(credential, request)
    return credential


def readmission(request: EnrolRequest, answer: EnrolAnswer, sign: Sign) -> EnrolRequest:
    """Ask an HQ that has forgotten this till to take it back, by the credential it once signed."""
    return msgspec.structs.replace(
        request,
        code="",
        proof=sign(proof_bytes("", unhex(request.device_key))).hex(),
        credential=answer.credential,
        credential_signature=answer.signature,
    )


def readmitted(request: EnrolRequest, verify: Verify) -> Credential:
    """Check, at HQ, a request that shows a credential instead of a code.

    Args:
        request: as received; that its sender holds the device key is `is_proven`'s to tell.
        verify: checks a signature by HQ's own root key.

    Raises:
        CredentialFault: HQ never signed this, or signed it for another device.
    """
    credential = read_credential(request.credential, request.credential_signature, verify)
    _check_same(credential, request)
    return credential


def _check_same(credential: Credential, request: EnrolRequest) -> None:
    for field in ("store", "till", "device_key", "journals"):
        given, asked = getattr(credential, field), getattr(request, field)
        if given != asked:
            raise CredentialFault(
                f"the credential is for another {field}: {given!r} instead of {asked!r}",
                remedy=f"ask HQ for a code of {request.store} {request.till}",
            )
