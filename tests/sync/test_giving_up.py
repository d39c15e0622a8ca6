"""An agent that is stopped while it installs a snapshot."""

from __future__ import annotations

import asyncio
import threading

import pytest

from agent.sync.snapshots import Snapshots


class _Refused:
    """An installation on a disk that takes nothing back: its merge lasts until it is ended."""

    def __init__(self):
        self.merging, self.ended = threading.Event(), threading.Event()
        self.stays = False

    def check(self, _whole):
        pass

    def notices(self):
        return ()

    def begin(self):
        pass

    def merge(self):
        self.merging.set()
        self.ended.wait(10)

    def interrupt(self):
        self.ended.set()

    def stay(self):
        self.stays = True

    def abandon(self):
        raise OSError("the disk is gone")


async def _no_orders(_orders):
    pass


@pytest.mark.asyncio
async def test_a_disk_that_refuses_does_not_keep_the_agent_running():
    """An agent that is stopped would go on following feeds until it is killed."""
    installation = _Refused()
    snapshots = Snapshots(
        None,
        type("Here", (), {"installation": lambda _self, _manifest: installation})(),
        verify=lambda: None,
        may_fetch=lambda: True,
        on_orders=_no_orders,
        on_progress=lambda *_: None,
        on_trouble=lambda *_: None,
    )
    task = asyncio.ensure_future(snapshots._install(None, None))
    await asyncio.to_thread(installation.merging.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert installation.stays
