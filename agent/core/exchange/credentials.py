"""Enrolment as statements: the proof a device sends, the credential HQ's root key signs.

The credential is the till's, signed by a key that is not in HQ's database: an HQ restored from a
backup older than an enrolment readmits the till by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from agent.core.entries.chain import genesis
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Sign, Verify, statement, unhex
from agent.core.exchange.wire import Ancestor, Credential, EnrolAnswer, EnrolRequest, Predecessor
from agent.core.identifiers import JournalId, StoreId, TillId

VerifyBy = Callable[[bytes], Verify]
"""Ed25519 public key → check of signatures by it; a key that is none verifies nothing."""

_DOMAIN = b"till-agent enrolment v1"
_RENEWAL_DOMAIN = b"till-agent renewal v1"
_KEY_ID_CHARACTERS = 32
_SAME_FIELDS = ("store", "till", "device_key", "journals", "predecessors", "journal_keys")
_NO_KEYS: Mapping[str, bytes] = MappingProxyType({})


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


def renewal_bytes(old_key: bytes, new_key: bytes) -> bytes:
    """Write what the old device key signs to hand over to the new one."""
    return statement(_RENEWAL_DOMAIN, old_key, new_key)


def make_request(
    sign: Sign,
    *,
    code: str,
    device_key: bytes,
    store: str,
    till: str,
    journals: Mapping[str, str],
    journal_keys: Mapping[str, bytes] = _NO_KEYS,
) -> EnrolRequest:
    """Ask HQ for a credential.

    Args:
        sign: by the private half of `device_key`.
        code: from HQ.
        device_key: 32 bytes.
        store: as in the settings.
        till: as in the settings.
        journals: lane → journal id of this till.
        journal_keys: lane → key in the genesis of its journal; told where it is another one.
    """
    proof = sign(proof_bytes(code, device_key))
    older = {lane: key.hex() for lane, key in journal_keys.items() if key != device_key}
    request = EnrolRequest(code, device_key.hex(), proof.hex(), dict(journals), store, till)
    return replace(request, journal_keys=older)


def own_ancestors(request: EnrolRequest) -> tuple[Ancestor, ...]:
    """Give the journals a till says have ended at it, as far as their genesis names this till.

    Returns:
        What a credential says of them. Whether HQ knows them otherwise is the caller's to look up.
    """
    return tuple(
        Ancestor(one.journal_id, one.lane, one.genesis)
        for one in request.ancestors
        if _genesis_of(request, one) == unhex(one.genesis)
    )


def _genesis_of(request: EnrolRequest, told: Ancestor) -> bytes:
    return genesis(
        JournalId(told.journal_id),
        StoreId(request.store),
        TillId(request.till),
        told.lane,
        unhex(told.device_key),
        unhex(told.before),
    )


def is_proven(request: EnrolRequest, verify: Verify) -> bool:
    """Tell whether the sender holds the key it asks for; `verify` checks by that very key."""
    message = proof_bytes(request.code, unhex(request.device_key))
    return verify(unhex(request.proof), message)


def make_answer(
    sign: Sign,
    request: EnrolRequest,
    *,
    issued_at: str,
    root_key: bytes,
    epoch: str,
    generation: int = 1,
    ancestors: tuple[Ancestor, ...] = (),
    lineage: tuple[str, ...] = (),
) -> EnrolAnswer:
    """Sign a credential for a device that has shown its code, or an older credential, and its key.

    Args:
        sign: by HQ's root key.
        request: what is asked for.
        issued_at: HQ's clock, for show.
        root_key: public half, 32 bytes.
        epoch: HQ's present one.
        generation: see `wire.Credential`.
        ancestors: likewise.
        lineage: likewise.
    """
    credential = Credential(
        request.store,
        request.till,
        request.device_key,
        request.journals,
        issued_at,
        request.predecessors,
        request.journal_keys,
        generation,
        ancestors,
        lineage,
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
    return replace(
        request,
        code="",
        proof=sign(proof_bytes("", unhex(request.device_key))).hex(),
        credential=answer.credential,
        credential_signature=answer.signature,
        replaces_key="",
        replaces_proof="",
    )


def succession(
    request: EnrolRequest,
    answer: EnrolAnswer,
    sign: Sign,
    successors: Mapping[str, tuple[str, bytes, Predecessor]],
) -> EnrolRequest:
    """Ask HQ to bind the journals that go on from those of a credential.

    Args:
        request: what that credential was asked for with.
        answer: HQ's answer to it.
        sign: by the device key.
        successors: lane → journal id, the key in its genesis, and where it goes on from.
    """
    ids = {lane: journal_id for lane, (journal_id, _, _) in successors.items()}
    keys = {
        lane: key.hex()
        for lane, (_, key, _) in successors.items()
        if key.hex() != request.device_key
    }
    kept = {lane: key for lane, key in request.journal_keys.items() if lane not in successors}
    return replace(
        readmission(request, answer, sign),
        journals=request.journals | ids,
        predecessors=request.predecessors | {lane: one for lane, (_, _, one) in successors.items()},
        journal_keys=kept | keys,
    )


def renewal(
    request: EnrolRequest, answer: EnrolAnswer, *, new_key: bytes, old_sign: Sign, new_sign: Sign
) -> EnrolRequest:
    """Ask HQ to let a new device key take over from the one of a credential.

    The old key stays valid at HQ until the first batch signed by the new one, so that neither a
    lost answer nor a crash locks the till out.
    """
    old_key = unhex(request.device_key)
    older = {lane: request.journal_keys.get(lane, old_key.hex()) for lane in request.journals}
    return replace(
        request,
        code="",
        device_key=new_key.hex(),
        proof=new_sign(proof_bytes("", new_key)).hex(),
        credential=answer.credential,
        credential_signature=answer.signature,
        replaces_key=old_key.hex(),
        replaces_proof=old_sign(renewal_bytes(old_key, new_key)).hex(),
        journal_keys=older,
    )


def readmitted(
    request: EnrolRequest, verify: Verify, verify_by: VerifyBy | None = None
) -> Credential:
    """Check, at HQ, a request that shows a credential instead of a code.

    It may ask for what the credential says; for successors of its journals, each named with the
    predecessor that stands in the credential; and for a new key that the old one has signed.

    Args:
        request: as received; that its sender holds the device key is `is_proven`'s to tell.
        verify: checks a signature by HQ's own root key.
        verify_by: gives a check by any Ed25519 key; without it no renewal is taken.

    Returns:
        The credential as it was signed. That a predecessor's position is one HQ holds is the
        caller's to check.

    Raises:
        CredentialFault: HQ never signed this, or signed it for another device.
    """
    credential = read_credential(request.credential, request.credential_signature, verify)
    allowed = credential
    if verify_by is not None and _is_renewed(credential, request, verify_by):
        allowed = _renewed(allowed, request)
    for lane in request.predecessors:
        if _succeeds(credential, request, lane):
            allowed = _succeeded(allowed, request, lane)
    _check_same(allowed, request)
    return credential


def _is_renewed(credential: Credential, request: EnrolRequest, verify_by: VerifyBy) -> bool:
    if not request.replaces_key or request.replaces_key != credential.device_key:
        return False
    old_key, new_key = unhex(request.replaces_key), unhex(request.device_key)
    return verify_by(old_key)(unhex(request.replaces_proof), renewal_bytes(old_key, new_key))


def _renewed(credential: Credential, request: EnrolRequest) -> Credential:
    """Write what the credential says under its new key: the journals stay bound to the old one."""
    older = credential.journal_keys
    keys = {lane: older.get(lane, credential.device_key) for lane in credential.journals}
    return replace(credential, device_key=request.device_key, journal_keys=keys)


def _succeeds(credential: Credential, request: EnrolRequest, lane: str) -> bool:
    """Tell whether the request names a new journal that goes on from the credential's."""
    before, after = credential.journals.get(lane), request.journals.get(lane)
    is_new = before is not None and after not in {None, before}
    return is_new and request.predecessors[lane].journal_id == before


def _succeeded(credential: Credential, request: EnrolRequest, lane: str) -> Credential:
    keys = {key: value for key, value in credential.journal_keys.items() if key != lane}
    if lane in request.journal_keys:
        keys[lane] = request.journal_keys[lane]
    return replace(
        credential,
        journals=credential.journals | {lane: request.journals[lane]},
        predecessors=credential.predecessors | {lane: request.predecessors[lane]},
        journal_keys=keys,
    )


def _check_same(credential: Credential, request: EnrolRequest) -> None:
    for field in _SAME_FIELDS:
        given, asked = getattr(credential, field), getattr(request, field)
        if given != asked:
            raise CredentialFault(
                f"the credential is for another {field}: {given!r} instead of {asked!r}",
                remedy=f"ask HQ for a code of {request.store} {request.till}",
            )
