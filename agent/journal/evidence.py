"""What HQ is proven to hold of the journals of a damaged file: its acks, by its own signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from agent.core.exchange.acks import proves
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.signed import Verify, unhex
from agent.core.exchange.wire import LastAck
from agent.journal.root_key import verifier

_ENROLLED = "enrolled/"

Rows = Iterable[Mapping[str, Any]]


class _Answer(msgspec.Struct):
    root_key: str


class _Enrolled(msgspec.Struct):
    answer: _Answer


def signed_seq(acked: Rows, registry: Rows, number: int, journal_id: str) -> int:
    """Tell up to where HQ has signed that it holds a journal; 0 where no signature proves it.

    Args:
        acked: what could be read of the acks.
        registry: what could be read of the registry, which names HQ's root keys.
        number: the journal's number in the file.
        journal_id: what HQ knows it by.
    """
    verifies = list(_verifies(registry))
    found = (_ack(row) for row in acked if row.get("journal") == number)
    return max(
        (
            ack.seq
            for ack in found
            if ack is not None and any(proves(ack, journal_id, verify) for verify in verifies)
        ),
        default=0,
    )


def _ack(row: Mapping[str, Any]) -> LastAck | None:
    fields = [row.get(name) for name in ("epoch", "seq", "hash", "signature")]
    try:
        return msgspec.convert(fields, LastAck)
    except msgspec.ValidationError:
        return None


def _verifies(registry: Rows) -> Iterator[Verify]:
    for row in registry:
        value = row.get("value")
        if str(row.get("key")).startswith(_ENROLLED) and isinstance(value, bytes):
            with suppress(msgspec.DecodeError, UnicodeDecodeError, ValueError, CredentialFault):
                kept = msgspec.json.decode(value, type=_Enrolled)
                yield verifier(unhex(kept.answer.root_key))
