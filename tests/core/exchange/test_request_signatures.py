"""The one form in which agents sign requests, against the library that reads any."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519

from agent.core.exchange.coding import SIGNED_COMPONENTS, content_digest
from agent.core.exchange.request_signatures import (
    recognised,
    signature_base,
    signature_fields,
    signature_params,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYID = "ab" * 16
PATH = "/v1/journals/00ff/batches"
ASKED = "/v1/feeds/store:1?after=1-ab.7.0123456789abcdef&wait=20&limit=50"
BODY = b"content"


class OneKey(HTTPSignatureKeyResolver):
    """Knows the key of these tests."""

    def resolve_public_key(self, key_id):
        return KEY.public_key() if key_id == KEYID else None


def signed(path=PATH, body=BODY, created=1_700_000_000):
    """Give the header fields of a request in the one form."""
    digest, params = content_digest(body), signature_params(KEYID, created)
    base = signature_base("POST", path, digest, "1", params)
    return {
        "Host": "hq",
        "X-Sync-Version": "1",
        "Content-Digest": digest,
        **signature_fields(params, KEY.sign(base)),
    }


@pytest.mark.parametrize("target", [PATH, ASKED])
@pytest.mark.parametrize("created", [1_700_000_000, 0, -86_400, 9_999_999_999, -9_999_999_999])
def test_the_library_accepts_the_one_form(created, target):
    """Fails if what agents write is no RFC 9421 signature for anybody else."""
    url = f"http://hq{target}"
    request = httpx.Request("POST", url, headers=signed(target, created=created), content=BODY)
    verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=OneKey())
    verifier.require_created = False
    verifier.max_clock_skew = timedelta(days=365 * 1900)
    results = verifier.verify(
        request, max_age=None, require_components=SIGNED_COMPONENTS, body=BODY
    )
    assert [KEYID] == [result.parameters["keyid"] for result in results]


@pytest.mark.parametrize("target", [PATH, ASKED])
def test_the_one_form_is_recognised_whole(target):
    """Fails if the fast way takes another message or key for what was signed than the sender."""
    found = recognised("POST", target, signed(target).items(), BODY)
    KEY.public_key().verify(found.signature, found.message)
    assert KEYID == found.keyid


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Digest", content_digest(b"another")),
        ("Content-Digest", content_digest(BODY) + ", sha-512=:AA==:"),
        ("X-Sync-Version", "one"),
        ("Signature", "till=:AA==:"),
        ("Signature", "sig1=:AA==:"),
        ("Signature-Input", signature_params(KEYID, 1)),
        ("Signature-Input", "till=" + signature_params(KEYID, 1) + ";expires=1"),
        ("Signature-Input", "till=" + signature_params(KEYID, 1).replace("@path", "@target-uri")),
        ("Signature-Input", "till=" + signature_params("AB", 1)),
    ],
)
def test_what_is_written_otherwise_is_left_to_the_library(name, value):
    """Fails if the fast way decides about a signature it does not know in full."""
    assert recognised("POST", PATH, (signed() | {name: value}).items(), BODY) is None


@pytest.mark.parametrize("created", ["-0", "007", "-99999999999", "999999999999"])
def test_a_time_the_library_writes_otherwise_or_refuses_is_left_to_it(created):
    """Fails if the fast way accepts what is refused as soon as it is written a little otherwise."""
    fields = signed()
    fields["Signature-Input"] = fields["Signature-Input"].replace("1700000000", created)
    assert recognised("POST", PATH, fields.items(), BODY) is None


def test_a_field_that_is_missing_or_comes_twice_is_left_to_the_library():
    """Fails if a second Content-Digest could stand in a request beside the one that was signed."""
    fields = list(signed().items())
    found = [
        recognised("POST", PATH, [*fields, fields[2]], BODY),
        recognised("POST", PATH, fields[:-1], BODY),
    ]
    assert [None, None] == found


@pytest.mark.parametrize("target", [PATH, ASKED.replace("50", "500"), ASKED.replace("&", "&a=1&")])
def test_what_is_asked_for_is_signed(target):
    """Fails if somebody on the way may ask for something else in a device's name."""
    found = recognised("POST", target, signed(ASKED).items(), BODY)
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(found.signature, found.message)


@pytest.mark.parametrize("query", ["?", "?a=%20", "?a=b c", "?a=b#c", "?a=b?c", "?a=b+c"])
def test_a_query_that_could_be_written_otherwise_is_left_to_the_library(query):
    """Fails if the fast way signs or checks a query that others would normalise."""
    assert recognised("POST", PATH + query, signed().items(), BODY) is None


@pytest.mark.parametrize("path", ["/v1/a%20b", "/v1//b", "/v1/../b", "/v1/b/", "v1", "/a b", "/é"])
def test_a_path_that_could_be_written_otherwise_is_left_to_the_library(path):
    """Fails if the fast way signs or checks a path that others would normalise."""
    assert recognised("POST", path, signed().items(), BODY) is None


def test_a_method_in_another_case_is_left_to_the_library():
    """Fails if a method is taken as signed that the library refuses."""
    assert recognised("post", PATH, signed().items(), BODY) is None
