"""Who answers for the data of persons, and under which law: `[privacy]` of the settings."""

from __future__ import annotations

import msgspec


class PrivacySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[privacy]`: what stands in answers to persons who ask for their rights."""

    name: str = ""
    """Of the company that answers for the data; `[central] name` where it is left out."""
    address: str = ""
    email: str = ""
    """Of who answers questions about it."""
    authority: str = ""
    """Where a person may complain."""
    country: str = ""
    """ISO 3166-1 alpha-2: whose law says how long books are kept; left out, the longest."""
