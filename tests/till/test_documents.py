"""What a store's papers look like."""

from __future__ import annotations

import pytest

from agent.core.identifiers import StoreId
from agent.settings import Settings, StoreSettings
from agent.till.documents import shop_of


@pytest.mark.parametrize(
    ("language", "country", "currency", "shown"),
    [
        ("de", "CH", "CHF", "CHF 1'250.05"),
        ("fr", "CH", "CHF", "1 250.05 CHF"),
        ("de", "DE", "EUR", "1.250,05 €"),
        ("en", "DE", "EUR", "€1,250.05"),
    ],
)
def test_figures_are_written_as_in_the_stores_country(language, country, currency, shown):
    """A Swiss receipt would show amounts as a German one does."""
    store = StoreSettings(
        id=StoreId("s1"), name="Shop", language=language, country=country, currency=currency
    )
    assert shop_of(Settings(store=store, tills=())).money(125005) == shown
