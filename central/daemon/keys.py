"""What is made of HQ's root key besides signatures: the keys of the tills' replicas."""

from __future__ import annotations

from central.histories.unsealing import opening
from central.intake.root_key import RootKey, master_of
from central.ledger.hq import OpenBody

__all__ = ["master_of", "opening_of"]


def opening_of(key: RootKey) -> OpenBody:
    """Open what tills closed for this HQ."""
    return opening(master_of(key).enrolment)
