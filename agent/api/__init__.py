"""The local HTTP and WebSocket API, and the till page it serves.

`create_app(Backend(...))` is the room's door. Every request passes the `gate` (path, Host, Origin,
body type and deadline), then `access` (bearer tokens) and `pace` (so many changes a second), then
an endpoint of `sales`, `tills`, `scanners`, `tokens`, `customers`, `printing`, `weights` or
`status`, which hands a command to the till's loop and sends its answer. `events` streams what
happens. `bodies` decodes strictly, `problems` makes every error RFC 9457 with a remedy, and
`page_files` serves the till page from memory.
"""

from __future__ import annotations

from agent.api.app import create_app
from agent.api.backend import Backend

__all__ = ["Backend", "create_app"]
