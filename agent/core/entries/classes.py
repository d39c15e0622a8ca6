"""Of which class of data an entry of `side` is: by that is decided what an erasure takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from agent.core.consent.retention import DataClass

CLASSES: Mapping[int, DataClass] = MappingProxyType(
    {
        101: DataClass.TIE,
        110: DataClass.IDENTITY,
        111: DataClass.EVIDENCE,
        112: DataClass.IDENTIFIER,
        140: DataClass.CONSENT,
        141: DataClass.PROMPT,
        142: DataClass.REQUEST,
        **dict.fromkeys(range(150, 156), DataClass.LOYALTY),
        160: DataClass.ORDER,
        170: DataClass.LEAD,
        171: DataClass.LEAD,
        172: DataClass.PROFILE,
        **dict.fromkeys(range(175, 180), DataClass.NOTE),
    }
)
"""Kind → class; a kind that is none of these speaks of nobody."""
