"""Writes HQ's JSON Schema, and the copies in config/: `python -m tests.central.daemon.schema`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec

from central.daemon.settings import Settings

ROOT = Path(__file__).parents[3]
ROOM = ROOT / "central/daemon"


def write():
    text = json.dumps(msgspec.json.schema(Settings), indent=2, ensure_ascii=False) + "\n"
    (ROOM / "central.schema.json").write_text(text, encoding="utf-8")
    for name in ("central.schema.json", "central.example.toml"):
        shutil.copyfile(ROOM / name, ROOT / "config" / name)


if __name__ == "__main__":
    write()
