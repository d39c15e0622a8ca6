"""The schema's history: `env` is run by Alembic, `versions` holds one file per step.

Every step first adds, then fills, and only a later release takes away: an older program keeps
working on the newer schema while machines are updated one after the other.
"""

from __future__ import annotations
