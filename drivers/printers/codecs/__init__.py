"""Pure printer languages: documents to bytes, status bytes to words."""

from __future__ import annotations
