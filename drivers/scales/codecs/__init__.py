"""Protocols of scales as pure codecs: a question out, bytes in, answers out."""

from __future__ import annotations
