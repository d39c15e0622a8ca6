"""TOML to frozen structs: every error at once, each with its path and its remedy.

`load` reads a file, `parse` a text; `model` says what may stand there and what each line does.
"""

from __future__ import annotations

from agent.settings.load import SettingsFault, load, parse
from agent.settings.model import (
    AgentSettings,
    BarcodeSettings,
    DeviceSettings,
    HqSettings,
    Settings,
    StoreSettings,
    TillSettings,
)

__all__ = [
    "AgentSettings",
    "BarcodeSettings",
    "DeviceSettings",
    "HqSettings",
    "Settings",
    "SettingsFault",
    "StoreSettings",
    "TillSettings",
    "load",
    "parse",
]
