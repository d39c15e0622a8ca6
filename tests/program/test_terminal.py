"""What a person reads and what a pipe reads are kept apart."""

from __future__ import annotations

import json

import pytest
import typer

from agent.core.faults import InputFault
from agent.program.terminal import print_json, say, say_aside, shows_faults


def test_a_fault_is_name_detail_and_remedy_and_exit_code_1(capsys):
    """A technician would read a stack trace, and a script would go on."""

    @shows_faults
    def command():
        raise InputFault("the detail", remedy="the remedy", name="the-name")

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].endswith("(the-name)")
    assert lines[1:] == ["the detail", "→ the remedy"]


def test_a_command_without_a_fault_gives_what_it_gives():
    """Every command would end with nothing."""
    assert shows_faults(lambda value: value)(5) == 5


def test_json_is_one_document(capsys):
    """A pipe could not read it."""
    print_json({"name": "Müller", "n": 1})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"name": "Müller", "n": 1}
    assert err == ""


def test_words_beside_the_result_go_to_stderr(capsys):
    """A hint would end up in a file of results."""
    say("result")
    say_aside("hint")
    assert capsys.readouterr() == ("result\n", "hint\n")
