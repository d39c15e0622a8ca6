"""What the documents name must exist: commands, files, make targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from agent.daemon.cli import app as agent_app
from central.daemon.cli import app as central_app
from drivers.displays.models import MODELS as DISPLAYS
from drivers.printers.models import MODELS as PRINTERS
from drivers.scales.models import MODELS as SCALES

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
PATHS = re.compile(r"`((?:agent|drivers|central|config|systemd|tests|benchmarks)/[\w./-]*)`")
COMMANDS = re.compile(r"`(till-agent|till-central) ([a-z-]+)")
_MODEL = re.compile(r"`([a-z0-9-]+)`")
TARGETS = re.compile(r"`make ([a-z]+)")


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_named_in_a_document_exists(name):
    """A reader following a path of the documents would find nothing there."""
    missing = [path for path in PATHS.findall(_text(name)) if not (ROOT / path).exists()]
    assert [] == missing


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_named_in_a_document_exists(name):
    """A reader typing a command of the documents would be told it does not exist."""
    known = {"till-agent": get_command(agent_app), "till-central": get_command(central_app)}
    missing = [
        f"{program} {command}"
        for program, command in COMMANDS.findall(_text(name))
        if command not in known[program].commands
    ]
    assert [] == missing


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_named_in_a_document_exists(name):
    """A reader calling make with a target of the documents would get an error."""
    makefile = _text("Makefile")
    missing = [target for target in TARGETS.findall(_text(name)) if f"\n{target}" not in makefile]
    assert [] == [target for target in missing if f" {target}" not in makefile]


def test_the_hardware_table_says_of_each_model_what_its_proof_is():
    """A shop would buy a printer for a claim that rests on less than the README says."""
    lines = [line for line in _text("README.md").splitlines() if line.startswith("| ")]
    told = {name: line.split("|")[-2].strip() for line in lines for name in _MODEL.findall(line)}
    known = {**PRINTERS, **SCALES, **DISPLAYS}
    assert {name: model.proof for name, model in known.items()} == {
        name: proof for name, proof in told.items() if name in known
    }
