"""A ledger in which leads are kept and derived."""

from __future__ import annotations

import pytest

from central.histories import Applier
from central.histories.sold import sale_named
from central.leads.keeping import LeadKeeper

NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def keeper(ledger):
    """Derives what is due."""
    return LeadKeeper(ledger, sale_named, lambda: NOW)


@pytest.fixture
def apply(ledger, receive, keeper):
    """Receive bodies in a journal, apply them, and derive what is due."""

    def _apply(journal_id, *bodies):
        receive(journal_id, *bodies)
        Applier(ledger, lambda: NOW).apply_pending()
        keeper.work_all()

    return _apply
