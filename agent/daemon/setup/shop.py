"""Who and where the shop is, what it taxes, and where HQ is."""

from __future__ import annotations

from agent.daemon.setup.asking import Asking
from agent.daemon.setup.countries import proposal
from agent.daemon.setup.keys import NONE, Value, shown, value_of


def settle_shop(asking: Asking) -> None:
    """Settle the store, its taxes and the till."""
    asking.settle("store.id", "Id of this store, as HQ knows it", None)
    store = asking.answers["store.id"]
    asking.settle("store.name", "Name of the shop, on top of the receipt", store)
    asking.settle("store.country", "Country (ISO 3166-1)", "DE")
    usual = proposal(str(asking.answers["store.country"]))
    asking.settle("store.currency", "Currency (ISO 4217)", usual.currency)
    asking.settle("store.timezone", "Time zone", usual.timezone)
    asking.settle("store.language", "Language of the receipt", usual.language)
    settle_tax(asking, "standard", usual.standard)
    settle_tax(asking, "reduced", usual.reduced)
    if usual.cash_rounding > 1 and "store.cash_rounding" not in asking.answers:
        asking.take("store.cash_rounding", usual.cash_rounding)
    asking.settle("till.id", "Id of this till", "till-1")


def settle_tax(asking: Asking, name: str, usual: int | None) -> None:
    """Settle a tax rate; a person says it in percent."""
    key = f"tax.{name}"
    asking.settle(
        key,
        f"{name.capitalize()} tax rate in percent ({NONE}: no such rate)",
        usual,
        read=lambda text: value_of(key, text if text == NONE else f"{text.rstrip('% ')}%"),
        show=percent,
    )


def settle_hq(asking: Asking) -> None:
    """Settle where HQ is."""
    asking.settle("hq.url", f"Address of HQ, https://… ({NONE}: work alone)", NONE)


def percent(rate: Value) -> str:
    """Write basis points in percent.

    >>> percent(1900), percent(550), percent(0)
    ('19', '5.5', '0')
    """
    whole, rest = divmod(int(shown(rate)), 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)
