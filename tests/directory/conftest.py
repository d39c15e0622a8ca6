"""A directory on a real file, and pages as HQ's feed sends them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from agent.core.exchange.wire import FeedItem, FeedPage, PartyRow
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Identifier, IdentifierType, token
from agent.directory import Directory


@pytest.fixture
def path(tmp_path):
    return tmp_path / "directory.db"


@pytest.fixture
def directory(path):
    opened = Directory.open(path)
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

    def party(self, name: str, *identifiers: Identifier, **fields: object) -> FeedItem:
        card = Card(PartyId(name), f"{name} B.", **fields)
        tokens = tuple(token(identifier) for identifier in identifiers)
        row = PartyRow(msgspec.Raw(msgspec.json.encode(card)), tokens)
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
