"""Looking up what a scan or a typed text names: the till's side of `core.recognition`.

What proves itself, a wallet pass or the signed code of a receipt, is checked with what is held here
and the proofs this agent has taken; no line to HQ is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from agent.core.barcode import BarcodeRules, Reading, read
from agent.core.history import Pass
from agent.core.identifiers import PartyId, ReceiptNo, SaleId
from agent.core.recognition import (
    Answer,
    CodePass,
    Found,
    Identifier,
    IdentifierType,
    Item,
    ItemKey,
    Means,
    Proofs,
    ReceiptKey,
    Recognition,
    RecognitionRules,
    SignedPass,
    means_of,
    means_of_typed,
    reasons_of,
    resolve,
)
from agent.core.sale.model import Stamp
from agent.directory import Directory
from agent.journal import Journal, proofs, sales
from agent.journal.connection import Connection
from agent.settings import Settings
from agent.till.trusted import Trusted

Present = Callable[[], tuple[Stamp, PartyId | None]]
"""Tells the time, and who is at the till."""


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

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        directory: Directory,
        present: Present,
        own_key: Callable[[], bytes | None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._directory = directory
        self._present = present
        self._own_key = own_key
        self._codes = BarcodeRules(
            in_store=settings.barcode.in_store, currency=settings.store.currency
        )
        self.rules = RecognitionRules(
            card_prefixes=settings.barcode.card_prefixes,
            order_prefixes=settings.barcode.order_prefixes,
            region=settings.store.country,
            store=settings.store.id,
        )

    async def prepare_scanned(self, raw: bytes) -> None:
        """Stretch what a scan names, so that `scanned` has nothing to wait for."""
        await self._prepare(means_of(read(raw, self._codes), self.rules))

    async def prepare_typed(self, text: str, kind: str | None) -> None:
        """Stretch what a typed text names, so that `typed` has nothing to wait for.

        Raises:
            InputFault: the text cannot be of that type.
        """
        await self._prepare(means_of_typed(text, kind, self.rules))

    async def scanned(self, raw: bytes) -> Seen:
        """Say what a scan is; whatever arrives, an answer comes back."""
        reading = read(raw, self._codes)
        means = means_of(reading, self.rules)
        return Seen(reading, await self._resolved(means, reading))

    async def typed(self, text: str, kind: str | None) -> Recognition:
        """Say what a typed text is.

        Raises:
            InputFault: the text cannot be of that type.
        """
        means = means_of_typed(text, kind, self.rules)
        return await self._resolved(means, text)

    async def _resolved(self, means: Sequence[Means], said: Reading | str) -> Recognition:
        await self._prepare(means)
        held, shown = await self._held(means), await self._proofs(means)
        reasons = reasons_of(said, self.rules)
        return resolve(means, held, reasons, rules=self.rules, proofs=shown)

    async def _prepare(self, means: Iterable[Means]) -> None:
        await self._directory.prepare(_identifiers(means))

    async def _proofs(self, means: Sequence[Means]) -> Proofs | None:
        """Bring together what a proof is checked by; None where nothing proves itself."""
        shown = [one.pass_id for one in means if isinstance(one, CodePass | SignedPass)]
        sealed = any(isinstance(one, ReceiptKey) and one.seal is not None for one in means)
        if not shown and not sealed:
            return None
        stamp, present = self._present()
        trusted = Trusted(self._directory.rule, self._passes(shown), self._own_key())
        return Proofs(trusted, _seconds(stamp), await self._journal.read(proofs.used), present)

    def _passes(self, pass_ids: Iterable[str]) -> list[Pass]:
        """Give what the cards of these passes say of them."""
        answers = [self._directory.party(_of_pass(one)) for one in pass_ids]
        cards = [self._directory.card(one.party_id) for one in answers if isinstance(one, Found)]
        return [one for card in cards if card is not None for one in card.passes]

    async def _held(self, means: Sequence[Means]) -> Held:
        wanted = [ReceiptNo(one.receipt_no) for one in means if isinstance(one, ReceiptKey)]
        if not wanted:
            return Held(self._directory, {})

        def read_receipts(conn: Connection) -> dict[str, SaleId]:
            found = ((number, sales.id_of_receipt(conn, number)) for number in wanted)
            return {number: sale_id for number, sale_id in found if sale_id is not None}

        return Held(self._directory, await self._journal.read(read_receipts))


def _identifiers(means: Iterable[Means]) -> Iterator[Identifier]:
    """Give what people are looked up by, so that it is stretched while others are served."""
    for one in means:
        if isinstance(one, Identifier):
            yield one
        elif isinstance(one, CodePass | SignedPass):
            yield _of_pass(one.pass_id)


def _seconds(stamp: Stamp) -> int:
    """Give the time in Unix seconds, put right by HQ's clock where that was measured."""
    seconds = datetime.fromisoformat(stamp.wall).timestamp()
    return int(seconds) + (stamp.offset_ms or 0) // 1000


def _of_pass(pass_id: str) -> Identifier:
    return Identifier(IdentifierType.WALLET, pass_id)
