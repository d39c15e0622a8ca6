"""Looking up what a scan or a typed text names: the till's side of `core.recognition`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.core.barcode import BarcodeRules, Reading, read
from agent.core.identifiers import ReceiptNo, SaleId
from agent.core.recognition import (
    Answer,
    Identifier,
    Item,
    ItemKey,
    Means,
    ReceiptKey,
    Recognition,
    RecognitionRules,
    means_of,
    means_of_typed,
    reasons_of,
    resolve,
)
from agent.directory import Directory
from agent.journal import Journal, sales
from agent.journal.connection import Connection
from agent.settings import Settings


class Seen(msgspec.Struct, frozen=True):
    """One scan with what it was recognised as."""

    reading: Reading
    recognition: Recognition


class Held:
    """What this agent holds: the directory, and the receipts found in the journal beforehand."""

    def __init__(self, directory: Directory, receipts: dict[str, SaleId]) -> None:
        self._directory = directory
        self._receipts = receipts

    def item(self, key: ItemKey) -> Item | None:
        """Find an item."""
        return self._directory.item(key)

    def party(self, identifier: Identifier) -> Answer:
        """Find a party."""
        return self._directory.party(identifier)

    def order(self, order_no: str) -> str | None:
        """Find an order."""
        order = self._directory.order(order_no)
        return None if order is None else order.order_no

    def receipt(self, receipt_no: str) -> SaleId | None:
        """Find the sale of a receipt."""
        return self._receipts.get(receipt_no)


class Looking:
    """The rules of the settings, the directory and the journal, asked together."""

    def __init__(self, settings: Settings, journal: Journal, directory: Directory) -> None:
        self._journal = journal
        self._directory = directory
        self._codes = BarcodeRules(
            in_store=settings.barcode.in_store, currency=settings.store.currency
        )
        self.rules = RecognitionRules(
            card_prefixes=settings.barcode.card_prefixes,
            order_prefixes=settings.barcode.order_prefixes,
            region=settings.store.country,
            store=settings.store.id,
        )

    async def scanned(self, raw: bytes) -> Seen:
        """Say what a scan is; whatever arrives, an answer comes back."""
        reading = read(raw, self._codes)
        means = means_of(reading, self.rules)
        held = await self._held(means)
        return Seen(reading, resolve(means, held, reasons_of(reading, self.rules)))

    async def typed(self, text: str, kind: str | None) -> Recognition:
        """Say what a typed text is.

        Raises:
            InputFault: the text cannot be of that type.
        """
        means = means_of_typed(text, kind, self.rules)
        held = await self._held(means)
        return resolve(means, held, reasons_of(text, self.rules))

    async def _held(self, means: Sequence[Means]) -> Held:
        wanted = [ReceiptNo(one.receipt_no) for one in means if isinstance(one, ReceiptKey)]
        if not wanted:
            return Held(self._directory, {})

        def read_receipts(conn: Connection) -> dict[str, SaleId]:
            found = ((number, sales.id_of_receipt(conn, number)) for number in wanted)
            return {number: sale_id for number, sale_id in found if sale_id is not None}

        return Held(self._directory, await self._journal.read(read_receipts))
