"""`till-agent setup`: from a bare machine to settings that are known to work.

`shop` asks what a shop must say and `hardware` for scanner and printer, both through `asking`;
`trials` tries the devices through the real drivers; `text` writes the TOML, `writing` puts it in
place, and `command` is the whole in order. What may be answered, by hand or with `--set`, is in
`keys`; `countries` knows what to propose; `present` takes over what was set before.
"""

from __future__ import annotations

from agent.daemon.setup.command import run_setup
from agent.daemon.setup.keys import WrongAnswer

__all__ = ["WrongAnswer", "run_setup"]
