"""Who steals a till's disk after a day of use has nobody's name, number or address."""

from __future__ import annotations

import base64
from hashlib import sha256, sha512

import msgspec
import pytest
import pytest_asyncio

from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Identifier, IdentifierType
from agent.daemon.replica_keys import FILE_NAME as KEYS
from agent.directory import Keyring
from agent.till import commands
from agent.till.requests import IdentifyRequest
from tests.sealed import MACHINE_KEY, MASTER, row_of
from tests.till.stolen_disk import TEXT, Known, attack, costs
from tests.till.test_closing import PUBLIC, REQUEST

GRETE = "019a0000-0000-7000-8000-00000000cafe"
MAIL = Identifier(IdentifierType.EMAIL, "grete.sommer@example.com")
KNOWN = [
    Known(TEXT, "Grete"),
    Known(TEXT, "Sommer"),
    Known(TEXT, "Wilhelmina"),
    Known(TEXT, "Adelheid"),
    Known("email", MAIL.value),
    Known("email", "wilhelmina@example.com"),
    Known("phone", "+49305550199"),
]


def feed_item():
    row = row_of(Card(PartyId(GRETE), "Grete Sommer", tier="gold"), MAIL)
    return FeedItem(1, f"party:{GRETE}", 1, "put", msgspec.Raw(msgspec.json.encode(row)))


@pytest_asyncio.fixture
async def used(shop):
    """Have a day of use: a customer of HQ's, one enrolled here, both recognised."""
    shop.directory.take_keys([MASTER.key("global", 1)], PUBLIC)
    Keyring(MACHINE_KEY, shop.folder / KEYS).take([MASTER.key("global", 1)], PUBLIC)
    shop.directory.apply("global", FeedPage((feed_item(),), "1-ab.1.0123456789abcdef"))
    async with shop.running() as loop:
        made = await loop.ask(commands.Enrol(REQUEST))
        for type_, value in (("email", MAIL.value), ("phone", REQUEST.phone), (None, made.card)):
            found = await loop.ask(commands.Identify(IdentifyRequest(value=value, type=type_)))
            assert "found" == found.answer
    return shop, [*KNOWN, Known("loyalty_card", made.card), Known(TEXT, made.wallet.secret)]


@pytest.mark.parametrize(
    "left",
    [
        b"GET /customers?q=grete.sommer%40example.com",
        base64.b64encode(b"x: grete.sommer@example.com, y"),
        base64.b64encode(b"xy: grete.sommer@example.com"),
        b"GRETE.SOMMER@EXAMPLE.COM",
        "grete.sommer@example.com".encode("utf-16-be"),
        sha256(b"grete.sommer@example.com").hexdigest().upper().encode(),
        base64.b64encode(sha512(b"email\0grete.sommer@example.com").digest()),
    ],
    ids=["url", "base64", "base64 elsewhere", "upper case", "UTF-16", "a hash", "a hash, base64"],
)
def test_however_it_is_written_it_is_found(tmp_path, left):
    """Wrong: the attack overlooks what a thief would not."""
    (tmp_path / "left.log").write_bytes(b"before " + left + b" after")
    one = Known("email", MAIL.value)
    assert [(one, "left.log")] == attack(tmp_path, [one]).read


@pytest.mark.asyncio
async def test_nothing_is_read_without_the_key(used):
    """Wrong: a stolen till is a list of customers."""
    shop, known = used
    assert [] == attack(shop.folder, known).read


@pytest.mark.asyncio
async def test_the_attack_would_find_what_is_there(used):
    """Wrong: the attack finds nothing because it cannot."""
    shop, known = used
    (shop.folder / "left.log").write_text("Grete Sommer, 0305550199 called", encoding="utf-8")
    (shop.folder / "left.bin").write_bytes(
        b"x\0" + bytes.fromhex("1a37e5425546878289fe1f08fe7e8d12")
    )
    loot = attack(shop.folder, [*known, Known("email", "ada@example.com")], MACHINE_KEY)
    assert {"left.log", "left.bin"} == {name for _, name in loot.read}
    assert {"Grete", "Sommer", "+49305550199", "ada@example.com"} <= {
        one.value for one, _ in loot.read
    }
    assert {"wilhelmina@example.com", "+49305550199"} <= {one.value for one in loot.opened}


def test_the_cost_of_trying_is_told():
    """Wrong: nobody knows what a stolen machine with its key costs whom."""
    assert "phone number" in costs()
