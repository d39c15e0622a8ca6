"""Copies of what a shop and its HQ hold, for commands that are killed over them."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

from tests.journeys.chain_hq import CENTRAL, Headquarters
from tests.journeys.chain_shops import AGENT, Shop, opened_chain


class Place:
    """Copies of what the shop and HQ held when they stopped: each try begins with fresh ones."""

    def __init__(self, directory: Path, hq: Headquarters, shop: Shop) -> None:
        self.directory, self.hq, self.shop = directory, hq, shop
        self.number = 0

    def central(self, *, empty: bool = False) -> tuple[Path, Path]:
        """Give settings and state of an HQ of its own."""
        home = self._home()
        state = home / "central"
        if empty:
            state.mkdir(mode=0o700)
            shutil.copyfile(self.hq.state / "root.key", state / "root.key")
            (state / "root.key").chmod(0o600)
        else:
            shutil.copytree(self.hq.state, state)
        config = home / "central.toml"
        config.write_text(CENTRAL.format(port=1, state=state, more=""))
        return config, state

    def agent(self, *, empty: bool = False) -> tuple[Path, Path]:
        """Give settings and state of an agent of its own."""
        home = self._home()
        state = home / "state"
        if empty:
            state.mkdir(mode=0o700)
        else:
            shutil.copytree(self.shop.state, state)
        config = home / "agent.toml"
        given = {"store": self.shop.store, "port": 1, "state": state, "hq": "http://127.0.0.1:1"}
        config.write_text(AGENT.format(**given, more=""))
        return config, state

    def _home(self) -> Path:
        self.number += 1
        home = self.directory / f"try-{self.number}"
        home.mkdir()
        return home


async def stock(directory: Path, seconds: float, rng: random.Random) -> Place:
    """Have a shop sell for so long, and stop everything."""
    async with opened_chain(directory, 1, rng) as (hq, shops):
        (shop,) = shops
        shop.pause_s = (0, 0.01)
        work = asyncio.create_task(shop.work())
        await asyncio.sleep(seconds)
        shop.stopping = True
        await work
        await shop.in_step()
    return Place(directory, hq, shop)
