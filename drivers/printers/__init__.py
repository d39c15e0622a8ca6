"""Receipt printers: a conversation over a transport, models as data, pictures of receipts."""

from __future__ import annotations
