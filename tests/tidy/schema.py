"""Writes the JSON Schemas of the settings and the copies in config/: `make schemas`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec

from agent.settings import Settings

ROOT = Path(__file__).parents[2]
COPIES = {
    "agent.example.toml": ROOT / "agent/settings",
    "agent.schema.json": ROOT / "agent/settings",
}


def schema_text(settings):
    return json.dumps(msgspec.json.schema(settings), indent=2, ensure_ascii=False) + "\n"


def write():
    (ROOT / "agent/settings/agent.schema.json").write_text(schema_text(Settings), encoding="utf-8")
    for name, room in COPIES.items():
        shutil.copyfile(room / name, ROOT / "config" / name)


if __name__ == "__main__":
    write()
