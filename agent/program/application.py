"""The ASGI application both programs are made of."""

from __future__ import annotations

from litestar import Litestar
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin


class LeanLitestar(Litestar):
    """Without the plugins for pydantic and attrs, which are loaded wherever pydantic is installed.

    Bodies are msgspec structs here; pydantic would take 6 MB and a tenth of a second of each start.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]
