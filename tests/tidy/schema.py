"""Writes the JSON Schemas of the settings and the copies in config/: `make schemas`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec

from agent.core.receipt.template import TemplateSettings
from agent.settings import Settings

ROOT = Path(__file__).parents[2]
COPIES = {
    "agent.example.toml": ROOT / "agent/settings",
    "agent.schema.json": ROOT / "agent/settings",
    "receipt.example.toml": ROOT / "agent/settings",
    "receipt.schema.json": ROOT / "agent/settings",
}
SCHEMAS = {"agent.schema.json": Settings, "receipt.schema.json": TemplateSettings}


def schema_text(settings):
    return json.dumps(msgspec.json.schema(settings), indent=2, ensure_ascii=False) + "\n"


def write():
    for name, settings in SCHEMAS.items():
        (COPIES[name] / name).write_text(schema_text(settings), encoding="utf-8")
    for name, room in COPIES.items():
        shutil.copyfile(room / name, ROOT / "config" / name)


if __name__ == "__main__":
    write()
