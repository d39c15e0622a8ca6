"""The canonical bytes of a body: JSON in one fixed order, without spaces, defaults left out.

The bytes are made once, where the fact is sealed, and kept verbatim from then on: till, wire and
HQ hash and store exactly these, so a later writer's taste in JSON never breaks a chain.
"""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import Body
from agent.core.entries.kinds import KINDS, TYPES
from agent.core.entries.upcasters import UPCASTERS, upcast
from agent.core.faults import InputFault


class UnknownKind(InputFault):
    """A newer program wrote this entry; its bytes are kept and pass on unread."""

    name = "unknown-kind"
    title = "This kind of entry is not known here"


class UnreadableBody(InputFault):
    """The bytes of a body are not what their kind and version say."""

    name = "unreadable-body"
    title = "The entry's body cannot be read"


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODERS = {
    kind.kind: msgspec.json.Decoder(body_type, strict=True) for body_type, kind in KINDS.items()
}


def encode(body: Body) -> bytes:
    """Write a body as its canonical bytes.

    The same body always gives the same bytes: fields in the order of their definition, maps
    sorted by key, UTF-8, no white space, fields that have their default value left out.
    """
    return _ENCODER.encode(body)


def decode(kind: int, version: int, body: bytes) -> Body:
    """Read canonical bytes, of this or an earlier version; unknown fields are passed over.

    Raises:
        UnknownKind: the kind or the version is newer than this program, or no number at all.
        UnreadableBody: the bytes are not such a body.
    """
    if min(kind, version) < 1:
        raise UnknownKind(
            f"kind {kind} in version {version} is none: both are counted from 1",
            remedy="keep the entry as it is, and send the journal's file to the product's maker",
            name="no-kind",
        )
    decoder = _DECODERS.get(kind)
    today = KINDS[TYPES[kind]].version if decoder else 0
    if decoder is None or version > today:
        raise UnknownKind(
            f"kind {kind} in version {version} is not known to this program",
            remedy="install a newer version of this program; the entry is kept as it is",
        )
    try:
        if version == today:
            return decoder.decode(body)
        return _older(kind, version, body)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, RecursionError) as problem:
        raise UnreadableBody(
            f"the body of kind {kind}, version {version}, cannot be read: {problem}",
            remedy="run `till-agent journal verify`; report the entry's journal and number",
        ) from problem


def _older(kind: int, version: int, body: bytes) -> Body:
    fields = msgspec.json.decode(body, type=dict[str, object])
    body_type = TYPES[kind]
    return msgspec.convert(
        upcast(kind, version, KINDS[body_type].version, fields, UPCASTERS), body_type
    )
