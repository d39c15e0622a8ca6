"""The served HQ of these tests."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from central.daemon.cli import app
from tests.central.served import hq, hq_at, new_till

__all__ = ["call", "home", "hq", "hq_at", "new_till"]


@pytest.fixture
def home(tmp_path):
    """The state directory of the HQ of a test."""
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


@pytest.fixture
def call(tmp_path, home):
    """Call a command on the state directory of the served HQ."""
    config = tmp_path / "central.toml"
    config.write_text(f'[central]\nstate_dir = "{home}"\n')

    def _call(*arguments):
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        return result.exit_code, result.stdout, result.stderr

    return _call
