"""What tills are told: one sequencer per scope, compacted pages, long polls."""

from __future__ import annotations
