"""Opens, watches and reopens the devices it is handed, and works off print jobs; names no driver."""

from __future__ import annotations
