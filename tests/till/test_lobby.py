"""Whoever presents something waits outside until it is stretched; what is sold goes past them."""

from __future__ import annotations

import asyncio
from threading import Event, Lock

import pytest

from agent.core.faults import InputFault, UnavailableFault
from agent.directory import presenting
from agent.till import commands, lobby
from agent.till.requests import IdentifyRequest
from tests.till.conftest import ADA_CARD

PATIENCE_S = 60.0
"""How long a stretch waits for what should not wait for it: a failing test ends, too."""


def by(value, type_=None):
    """Ask who presents this."""
    return commands.Identify(IdentifyRequest(value=value, type=type_))


async def in_order(loop, *asked):
    """Ask all of it at once; give the names in the order of the answers."""
    done = []

    async def one(name, command):
        await loop.ask(command)
        done.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, command in asked:
            tasks.create_task(one(name, command))
    return done


@pytest.mark.asyncio
async def test_a_sale_waits_for_nobody_s_stretch(shop, monkeypatch):
    """Whoever is looked up would hold up what is sold meanwhile, by the time a guess costs."""
    begun, sold, stretch = Event(), Event(), presenting.stretch

    def slow(*given):
        begun.set()
        sold.wait(PATIENCE_S)
        return stretch(*given)

    monkeypatch.setattr(presenting, "stretch", slow)
    done = []
    async with shop.running() as loop:
        asked = asyncio.create_task(loop.ask(by("+491701234567")))
        asked.add_done_callback(lambda _task: done.append("identified"))
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        await loop.ask(commands.OpenSale(None))
        done.append("sold")
        sold.set()
        assert "unknown" == (await asked).answer
    assert ["sold", "identified"] == done


@pytest.mark.asyncio
async def test_a_sale_waits_for_one_of_many_who_are_looked_up(shop):
    """Software that looks up a whole list would keep the cashier from selling."""
    async with shop.running() as loop:
        await loop.ask(by(ADA_CARD))
        done = await in_order(
            loop, *[("identified", by(ADA_CARD))] * 20, ("sold", commands.OpenSale(None))
        )
    assert done.index("sold") <= 1
    assert 21 == len(done)


@pytest.mark.asyncio
async def test_one_identifier_is_stretched_at_a_time(shop, monkeypatch):
    """A line of customers at many tills would take every processor from those who sell."""
    lock, counted, stretch = Lock(), {"now": 0, "most": 0}, presenting.stretch

    def counting(*given):
        with lock:
            counted["now"] += 1
            counted["most"] = max(counted["most"], counted["now"])
        try:
            return stretch(*given)
        finally:
            with lock:
                counted["now"] -= 1

    monkeypatch.setattr(presenting, "stretch", counting)
    async with shop.running() as one, shop.running(1) as other:
        phones = [by(f"+49170123456{n}") for n in range(8)]
        async with asyncio.TaskGroup() as tasks:
            for n, asked in enumerate(phones):
                tasks.create_task((one, other)[n % 2].ask(asked))
    assert 1 == counted["most"]


@pytest.mark.asyncio
async def test_a_full_lobby_turns_away_and_says_so(shop, monkeypatch):
    """A loop in somebody's software would fill the memory with requests nobody waits for."""
    monkeypatch.setattr(lobby, "LOBBY_MAX", 5)
    async with shop.running() as loop:
        asked = [asyncio.create_task(loop.ask(by(ADA_CARD))) for _ in range(6)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refused = [each for each in answers if isinstance(each, UnavailableFault)]
        assert ["till-busy"] == [each.name for each in refused]
        assert 1 == loop.refused


@pytest.mark.asyncio
async def test_what_cannot_be_looked_up_is_refused_and_the_next_one_is_served(shop):
    """One bad number would keep all who come after it from being recognised."""
    async with shop.running() as loop:
        with pytest.raises(InputFault):
            await loop.ask(by("no number", "phone"))
        assert "found" == (await loop.ask(by(ADA_CARD))).answer


@pytest.mark.asyncio
async def test_who_waits_when_the_till_stops_is_told(shop):
    """Their request would hang for as long as the program takes to end."""
    async with shop.running() as loop:
        asked = [asyncio.create_task(loop.ask(by(ADA_CARD))) for _ in range(3)]
        await asyncio.sleep(0)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert ["till-stopping"] * 3 == [getattr(each, "name", each) for each in answers]
