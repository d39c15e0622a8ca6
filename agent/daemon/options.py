"""What most commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("/etc/till-agent/agent.toml")
Config = Annotated[Path, typer.Option("--config", help="The settings file.", metavar="FILE")]
