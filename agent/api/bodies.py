"""Request bodies: JSON, strictly typed, with the path of what is wrong in the message."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Request
from litestar._openapi.schema_generation import SchemaCreator
from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.dto._backend import DTOBackend
from litestar.openapi.spec import Reference, Schema
from litestar.types.serialization import LitestarEncodableType
from litestar.typing import FieldDefinition

from agent.api.problems import SCHEMA_HINT
from agent.core.faults import InputFault

T = TypeVar("T")


class EmptyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing needs to be said."""


class BodyRequest(Request[Any, Any, Any]):
    """A request whose missing body is an empty object, so that the missing fields are named."""

    async def body(self) -> bytes:
        """Read the whole body."""
        return await super().body() or b"{}"


class Json(AbstractDTO[T], Generic[T]):
    """Decodes a body as exactly the struct of the handler: no coercion, no unknown field.

    The framework's own way takes `"5"` for 5; where money is concerned a wrong type is a mistake
    to be told.
    """

    @classmethod
    def generate_field_definitions(
        cls, model_type: type[object]
    ) -> Generator[DTOFieldDefinition, None, None]:
        """Give nothing: no field is transferred on its own."""
        del model_type
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Tell that nothing is nested."""
        del field_definition
        return False

    @classmethod
    def create_for_field_definition(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,
        backend_cls: type[DTOBackend] | None = None,
    ) -> None:
        """Make no transfer model: msgspec decodes the struct itself."""
        del field_definition, handler_id, backend_cls

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        """Describe the struct itself."""
        del handler_id
        return schema_creator.for_field_definition(field_definition)

    def decode_bytes(self, value: bytes) -> T:
        """Decode a body.

        Raises:
            InputFault: `malformed-json`, or `bad-input` with the path of the wrong value.
        """
        try:
            return msgspec.json.decode(value, type=self.model_type)
        except msgspec.ValidationError as error:
            raise InputFault(str(error), remedy=SCHEMA_HINT) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputFault(
                f"the body is not JSON: {error}",
                remedy="send one JSON object in UTF-8 with Content-Type: application/json",
                name="malformed-json",
            ) from error

    def data_to_encodable_type(self, data: T | Collection[T]) -> LitestarEncodableType:
        """Send what the handler gives as it is."""
        return data
