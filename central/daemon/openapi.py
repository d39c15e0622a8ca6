"""OpenAPI 3.1 of HQ: what every route says of itself, and the one value it cannot say."""

from __future__ import annotations

from importlib.metadata import version

from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, OpenAPIType, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from agent.core.exchange.wire import FeedItem


class FeedItemSchema(OpenAPISchemaPlugin):
    """Describes a feed item, whose `body` is any JSON, passed on as it was published."""

    @staticmethod
    def is_plugin_supported_type(value: object) -> bool:
        """Speak for feed items alone."""
        return value is FeedItem

    def to_openapi_schema(
        self, field_definition: FieldDefinition, schema_creator: object
    ) -> Schema:
        """Describe the item."""
        del field_definition, schema_creator
        texts = dict.fromkeys(("key", "op"), Schema(type=OpenAPIType.STRING))
        numbers = dict.fromkeys(("fseq", "ver"), Schema(type=OpenAPIType.INTEGER))
        return Schema(
            type=OpenAPIType.OBJECT,
            title="FeedItem",
            description="One change; `body` is what the till keeps under the key.",
            required=["fseq", "key", "ver", "op", "body"],
            properties={**numbers, **texts, "body": Schema()},
        )


def openapi() -> OpenAPIConfig:
    """Say what HQ is, and that everything but a device's calls needs a staff token."""
    return OpenAPIConfig(
        title="till-central",
        version=version("till-agent"),
        description="HQ: the journals of all tills in, one history per customer, feeds out.",
        path="/schema",
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin()],
        security=[{"staff": []}],
        components=Components(
            security_schemes={"staff": SecurityScheme(type="http", scheme="bearer")}
        ),
    )
