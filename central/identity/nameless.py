"""What an event of a channel says of an order, once everything of the person is out of it."""

from __future__ import annotations

import msgspec

_encode = msgspec.json.Encoder(order="deterministic").encode


class _Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of an order in an event: what is no person's."""

    order_no: str
    state: str | None = None
    lines: tuple[msgspec.Raw, ...] = ()
    total: int | None = None
    currency: str | None = None
    collect_at: str | None = None
    paid: bool | None = None
    placed_at: str | None = None
    revision: int = 0
    prices_include_tax: bool | None = None
    parts: tuple[msgspec.Raw, ...] = ()
    location: str = ""
    until: str = ""
    payment: msgspec.Raw | None = None
    refund: msgspec.Raw | None = None
    echo: bool = False


class _Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event without whom it was of, and without words somebody wrote."""

    event_id: str
    type: str
    occurred_at: str
    order: _Order | None = None
    touch_point: str | None = None


class _Name(msgspec.Struct, frozen=True):
    """What is left of one that cannot be read."""

    event_id: str


def nameless(body: bytes, event_id: str) -> bytes:
    """Give an event's body without the person; of one that cannot be read only its id."""
    try:
        return _encode(msgspec.json.decode(body, type=_Event))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _encode(_Name(event_id))
