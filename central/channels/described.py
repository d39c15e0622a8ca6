"""What the OpenAPI document says of channel events.

The body is read event by event, so that one bad event blocks no other; the framework therefore
never sees its shape, and it is described here.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from agent.core.history import STATES
from agent.core.orders import Cause, PaymentState
from central.channels.told import TYPES

_TEXT = Schema(type=OpenAPIType.STRING)
_MINOR = Schema(type=OpenAPIType.INTEGER, description="In minor units: 1999 is 19.99 EUR.")
_TIME = Schema(type=OpenAPIType.STRING, description="ISO 8601; without an offset it is UTC.")

_NUMBER = Schema(type=OpenAPIType.INTEGER, minimum=1)


def _of(**properties: Schema) -> Schema:
    return Schema(type=OpenAPIType.OBJECT, properties=dict(properties))


_LINE = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "name": _TEXT,
        "quantity": Schema(type=OpenAPIType.INTEGER, minimum=0, description="Pieces."),
        "amount": _MINOR,
        "unit_price": _MINOR,
        "gtin": _TEXT,
        "item": Schema(type=OpenAPIType.STRING, description="The chain's own key of the item."),
        "line": Schema(type=OpenAPIType.INTEGER, minimum=1, description="Never reused."),
        "tax": Schema(type=OpenAPIType.INTEGER, description="On top of the amount, if it is."),
        "taxes": Schema(
            type=OpenAPIType.ARRAY,
            items=_of(name=_TEXT, basis_points=_NUMBER),
            description="Rates that are in the amount.",
        ),
        "goods": Schema(type=OpenAPIType.BOOLEAN, description="False for carriage and the like."),
    },
)
_PART = _of(line=_NUMBER, quantity=Schema(type=OpenAPIType.INTEGER, description="Pieces."))
_MONEY_STATE = Schema(type=OpenAPIType.STRING, enum=[each.value for each in PaymentState])
_PAYMENT = _of(
    payment=Schema(type=OpenAPIType.STRING, description="Its id, through all its states."),
    amount=_MINOR,
    state=_MONEY_STATE,
    kind=_TEXT,
)
_REFUND = _of(
    refund=Schema(type=OpenAPIType.STRING, description="Its id; a till's, if only heard of."),
    amount=_MINOR,
    lines=Schema(type=OpenAPIType.ARRAY, items=_of(line=_NUMBER, amount=_MINOR)),
    cause=Schema(type=OpenAPIType.STRING, enum=[each.value for each in Cause]),
    state=_MONEY_STATE,
    kind=_TEXT,
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
        "revision": Schema(
            type=OpenAPIType.INTEGER,
            description="Counts changes; the highest says what is ordered.",
        ),
        "prices_include_tax": Schema(type=OpenAPIType.BOOLEAN),
        "parts": Schema(
            type=OpenAPIType.ARRAY, items=_PART, description="Which goods; none named means all."
        ),
        "location": Schema(type=OpenAPIType.STRING, description="Of a store or a warehouse."),
        "until": Schema(type=OpenAPIType.STRING, description="The last day the goods are kept."),
        "shelf": Schema(type=OpenAPIType.STRING, enum=["available", "damaged"]),
        "payment": _PAYMENT,
        "refund": _REFUND,
        "echo": Schema(
            type=OpenAPIType.BOOLEAN, description="The channel only heard of it from a store."
        ),
        "reason": _TEXT,
    },
)
_PARTY = Schema(
    description="A party id, or anything that names the person.",
    type=[OpenAPIType.OBJECT, OpenAPIType.STRING],
    properties={
        **dict.fromkeys(("party_id", "name", "email", "phone", "card", "postcode"), _TEXT),
        "web_account": Schema(type=OpenAPIType.STRING, description="Id in this channel."),
        "country": Schema(type=OpenAPIType.STRING, description="ISO 3166-1 alpha-2."),
        "verified": Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(type=OpenAPIType.STRING, enum=["card", "web_account", "email", "phone"]),
            description="Which of them the person has proved to be theirs.",
        ),
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
_LEAD = Schema(
    type=OpenAPIType.OBJECT,
    description="A cart, wish list or quote as it stands: of `lead.told`, again at each change.",
    required=["lead_id"],
    properties={
        "lead_id": Schema(type=OpenAPIType.STRING, description="Unique within the channel."),
        "kind": Schema(type=OpenAPIType.STRING, description="`cart`, `wishlist`, `quote` …"),
        "ver": Schema(
            type=OpenAPIType.INTEGER,
            description="The channel's count of changes; else the event's time counts.",
        ),
        "items": Schema(
            type=OpenAPIType.ARRAY,
            description="Left out: whatever is bought next. Empty: nothing any more.",
            items=Schema(
                type=OpenAPIType.OBJECT,
                properties={
                    "item": _TEXT,
                    "gtin": _TEXT,
                    "quantity": Schema(type=OpenAPIType.INTEGER, description="Pieces."),
                },
            ),
        ),
        "valid_until": _TIME,
        "owner": _TEXT,
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
        "lead": _LEAD,
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
