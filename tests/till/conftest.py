"""A till with a real journal file and a real directory file, and a clock that is told the time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.core.history import Card, Order, OrderLine
from agent.core.identifiers import DeviceId, ItemId, PartyId, StoreId, TillId
from agent.core.quantities import Minor
from agent.core.recognition import Identifier, IdentifierType, Item, Price
from agent.core.sale.model import Stamp
from agent.directory import Directory, Keyring
from agent.journal import Journal, events
from agent.journal.events import Event
from agent.settings import Settings, StoreSettings, TillSettings
from agent.till import OwnEntries, TillLoop
from tests.sealed import MACHINE_KEY, RULES

COFFEE = Item(
    item_id=ItemId("coffee"),
    name="Coffee 250 g",
    taxes=("reduced",),
    gtins=("04006381333931",),
    prices=(Price(Minor(499)),),
)
CHEESE = Item(
    item_id=ItemId("cheese"),
    name="Gouda",
    taxes=("reduced",),
    reference="2112345",
    unit="kg",
    prices=(Price(Minor(1250)),),
)
SOCKS = Item(
    item_id=ItemId("socks"),
    name="Socks",
    taxes=("standard",),
    gtins=("09521234543213",),
    prices=(Price(Minor(999)),),
)
ADA = PartyId("019a0000-0000-7000-8000-00000000ada0")
BOB = PartyId("019a0000-0000-7000-8000-00000000b0b0")
ADA_CARD = "LC1PB1X9SFPE"
ORDER = Order(
    order_no="WEB-1001",
    channel="web",
    state="ready",
    placed_at="2026-07-27T10:00:00Z",
    total=Minor(4999),
    currency="EUR",
    lines=(OrderLine(name="Kettle", quantity=1, amount=Minor(4999)),),
    party_id=BOB,
    collect_at="s1",
)


class ToldClock:
    """A clock that stands until it is moved, and counts ids and random bytes."""

    def __init__(self) -> None:
        self.seconds = 0
        self.made = 0

    def stamp(self) -> Stamp:
        minute, second = divmod(self.seconds, 60)
        hour, minute = divmod(minute, 60)
        wall = f"2026-07-28T{10 + hour:02d}:{minute:02d}:{second:02d}.000Z"
        return Stamp(wall=wall, mono_ns=self.seconds * 1_000_000_000, boot_id="boot")

    def uuid7(self) -> str:
        self.made += 1
        return f"019a1111-0000-7000-8000-{self.made:012d}"

    def random(self, size: int) -> bytes:
        self.made += 1
        return self.made.to_bytes(size, "big")


class Shop:
    """One store's agent without devices: settings, files, clock, tills."""

    def __init__(
        self, folder: Path, *tills: TillSettings, reserve_bytes: int = 0, made: int = 0
    ) -> None:
        self.folder = folder
        self.reserve_bytes = reserve_bytes
        self.clock = ToldClock()
        # A start in another process makes other ids than those before it.
        self.clock.made = made
        self.settings = Settings(
            store=StoreSettings(id=StoreId("s1"), name="Corner Shop"),
            tills=tills,
            tax={"standard": 1900, "reduced": 700},
        )
        self.open()

    def open(self) -> None:
        """Open the files as a start of the agent does."""
        self.own = OwnEntries()
        self.journal = Journal.open(
            self.folder / "journal.db",
            store=self.settings.store.id,
            tills=[till.id for till in self.settings.tills],
            device_key=bytes(32),
            clock=self.clock,
            reserve_bytes=self.reserve_bytes,
        )
        self.directory = Directory.open(self.folder / "directory.db", Keyring(MACHINE_KEY))
        self.directory.import_items([COFFEE, CHEESE, SOCKS])
        if not self.directory.holds(ADA):
            self.directory.put_local(
                Card(party_id=ADA, name="Ada Example", tier="gold"),
                [Identifier(IdentifierType.LOYALTY_CARD, ADA_CARD)],
                RULES,
            )

    def close(self) -> None:
        """Let go of the files."""
        self.directory.close()
        self.journal.close()

    @asynccontextmanager
    async def running(self, index: int = 0) -> AsyncIterator[TillLoop]:
        """Run one till's loop."""
        loop = TillLoop(
            till=self.settings.tills[index],
            settings=self.settings,
            journal=self.journal,
            directory=self.directory,
            clock=self.clock,
            own=self.own,
        )
        await loop.start()
        task = asyncio.create_task(loop.run())
        try:
            yield loop
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def told(self, till: str = "till-1", after: int = 0) -> list[Event]:
        """Read the events of a till."""
        return await self.journal.read(lambda conn: events.after(conn, TillId(till), after, 1000))


def till(name: str = "till-1", **more: object) -> TillSettings:
    """Settings of a till with a printer and a drawer, unless told otherwise."""
    given = {
        "printer": DeviceId("receipt"),
        "drawer": DeviceId("receipt"),
        "scanners": (DeviceId("counter"),),
        **more,
    }
    return TillSettings(id=TillId(name), **given)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop of two tills that keep their own baskets, and one external one."""
    shop = Shop(tmp_path, till(), till("till-2"), till("pos", basket="external"))
    yield shop
    shop.close()
