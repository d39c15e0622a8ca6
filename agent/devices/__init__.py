"""Opens, watches and reopens the devices it is handed, and works off print jobs."""

from __future__ import annotations
