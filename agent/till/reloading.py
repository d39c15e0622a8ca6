"""New settings for a till that is selling: they hold from the next command on."""

from __future__ import annotations

from agent.till.commands import TakeSettings
from agent.till.desk import Desk
from agent.till.looking import Looking


async def take_settings(desk: Desk, ask: TakeSettings) -> None:
    """Work by other settings from now on; no basket changes."""
    desk.till = ask.till
    desk.settings = ask.settings
    desk.store = ask.settings.store
    desk.looking = Looking(ask.settings, desk.journal, desk.directory, desk.presented, desk.own_key)
