"""What the OpenAPI document says of channel events.

The body is read event by event, so that one bad event blocks no other; the framework therefore
never sees its shape, and it is described here.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from agent.core.history import STATES
from central.channels.told import TYPES

_TEXT = Schema(type=OpenAPIType.STRING)
_MINOR = Schema(type=OpenAPIType.INTEGER, description="In minor units: 1999 is 19.99 EUR.")
_TIME = Schema(type=OpenAPIType.STRING, description="ISO 8601; without an offset it is UTC.")

_LINE = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "name": _TEXT,
        "quantity": Schema(type=OpenAPIType.INTEGER, minimum=0, description="Pieces."),
        "amount": _MINOR,
        "unit_price": _MINOR,
        "gtin": _TEXT,
    },
)
_ORDER = Schema(
    type=OpenAPIType.OBJECT,
    description="What is left out stays as it was told before.",
    required=["order_no"],
    properties={
        "order_no": _TEXT,
        "state": Schema(type=OpenAPIType.STRING, enum=list(STATES)),
        "lines": Schema(type=OpenAPIType.ARRAY, items=_LINE),
        "total": _MINOR,
        "currency": Schema(type=OpenAPIType.STRING, description="ISO 4217."),
        "collect_at": Schema(type=OpenAPIType.STRING, description="Id of a store."),
        "paid": Schema(type=OpenAPIType.BOOLEAN),
        "placed_at": _TIME,
    },
)
_PARTY = Schema(
    description="A party id, or anything that names the person.",
    type=[OpenAPIType.OBJECT, OpenAPIType.STRING],
    properties={
        **dict.fromkeys(("party_id", "name", "email", "phone", "card", "postcode"), _TEXT),
        "web_account": Schema(type=OpenAPIType.STRING, description="Id in this channel."),
        "country": Schema(type=OpenAPIType.STRING, description="ISO 3166-1 alpha-2."),
        "consents": Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(
                type=OpenAPIType.OBJECT,
                required=["purpose", "contact", "given"],
                properties={
                    "purpose": _TEXT,
                    "contact": _TEXT,
                    "given": Schema(type=OpenAPIType.BOOLEAN),
                },
            ),
        ),
    },
)
_EVENT = Schema(
    type=OpenAPIType.OBJECT,
    required=["event_id", "type", "occurred_at"],
    properties={
        "event_id": Schema(
            type=OpenAPIType.STRING,
            max_length=120,
            description="Unique within the channel; sent again, it is the same event.",
        ),
        "type": Schema(type=OpenAPIType.STRING, enum=list(TYPES)),
        "occurred_at": _TIME,
        "touch_point": _TEXT,
        "party": _PARTY,
        "order": _ORDER,
        "title": Schema(type=OpenAPIType.STRING, description="Of an event without an order."),
        "ref": _TEXT,
    },
)


@dataclass
class TakesEvents(Operation):
    """The operation of a call whose body is a list of events."""

    def __post_init__(self) -> None:
        """Describe the body."""
        events = Schema(type=OpenAPIType.ARRAY, items=_EVENT)
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=events)}, required=True
        )
