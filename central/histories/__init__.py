"""The applier: entries and channel events to one timeline and one card per customer.

Entries are applied per journal, in order. An entry's effect, the position and the cards it changed
are one transaction; an entry that cannot be applied is set aside with its reason, and the next one
goes on (P6).
"""

from __future__ import annotations

from central.histories.applier import Applier

__all__ = ["Applier"]
