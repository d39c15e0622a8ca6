"""A directory on a real file, and pages as HQ's feed sends them."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec
import pytest

from agent.core.exchange.cursors import parse
from agent.core.exchange.replica import FORMAT, SHAPES
from agent.core.exchange.snapshots import Manifest
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Identifier, IdentifierType
from agent.directory import Directory
from central.feed.filling import Filling
from central.ledger.replica_files import new_replica
from tests.sealed import keyring, row_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "directory.db"


@pytest.fixture
def directory(path):
    opened = Directory.open(path, keyring())
    yield opened
    opened.close()


class Feed:
    """Writes pages with growing numbers, as HQ does."""

    def __init__(self, epoch: str = "1-ab") -> None:
        self.epoch = epoch
        self.fseq = 0

    def change(self, key: str, body: object = None, op: str = "put", ver: int = 0) -> FeedItem:
        self.fseq += 1
        raw = msgspec.Raw(msgspec.json.encode(body))
        return FeedItem(self.fseq, key, ver or self.fseq, op, raw)

    def page(self, *changes: FeedItem, more: bool = False) -> FeedPage:
        return FeedPage(changes, f"{self.epoch}.{self.fseq}.0123456789abcdef", more)

    def party(
        self, name: str, *identifiers: Identifier, scope: str = "global", **fields: object
    ) -> FeedItem:
        card = Card(PartyId(name), f"{name} B.", **fields)
        row = row_of(card, *identifiers, scope=scope, ver=self.fseq + 1)
        return self.change(f"party:{name}", row)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def new_feed() -> Callable[[str], Feed]:
    return Feed


@pytest.fixture
def phone() -> Identifier:
    return Identifier(IdentifierType.PHONE, "+49301234567")


class Snapshot:
    """A file as HQ makes it, and its manifest."""

    def __init__(self, path, scope, cursor, changes, **fields) -> None:
        with new_replica(path) as file:
            filling = Filling(file, scope)
            filling.add(changes, again=False)
            filling.settle(cursor)
        self.path = path
        values = {
            "snapshot_id": secrets.token_hex(8),
            "scope": scope,
            "epoch": parse(cursor).epoch,
            "cursor": cursor,
            "format": FORMAT,
            "shapes": SHAPES,
            "rows": filling.rows,
            "size": path.stat().st_size,
            "sha256": "",
            "chunks": (),
        }
        self.manifest = Manifest(**(values | fields))

    def install(self, directory, meanwhile=lambda: None) -> list[str]:
        """Do what the sync loop does, in its order."""
        installation = directory.installation(self.manifest)
        try:
            installation.check(self.path)
            self.orders = installation.notices()
            installation.begin()
            installation.merge()
            meanwhile()
            changed = installation.swap()
        except BaseException:
            installation.stay()
            installation.abandon()
            raise
        installation.finish()
        return changed


@pytest.fixture
def snapshot(tmp_path):
    """Make a snapshot of a scope: of the newest change of each key, as HQ keeps them."""

    def made(changes, scope="global", cursor="", **fields) -> Snapshot:
        newest = {change.key: change for change in changes}
        kept = [change for change in changes if newest[change.key] is change]
        end = max((change.fseq for change in changes), default=0)
        cursor = cursor or f"1-ab.{end}.0123456789abcdef"
        return Snapshot(tmp_path / f"{secrets.token_hex(4)}.new", scope, cursor, kept, **fields)

    return made
