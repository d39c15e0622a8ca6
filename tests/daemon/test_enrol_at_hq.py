"""A till introduced to a real HQ by its one-time code, with and without a daemon."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CENTRAL = """\
[central]
name = "The chain"
listen = "127.0.0.1:{port}"
state_dir = "{state}"
"""


@pytest.fixture
def hq(shop, program, port, tmp_path):
    """An HQ that runs, and how to get codes from it."""
    directory = tmp_path / "hq"
    directory.mkdir()
    config = directory / "central.toml"
    config.write_text(CENTRAL.format(port=port, state=directory / "state"), encoding="utf-8")

    def central(*arguments):
        command = [sys.executable, "-m", "central.daemon.cli", *arguments, "--config", str(config)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    central("migrate")
    shop.write(hq=f"http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "central.daemon.cli", "serve", "--config", str(config)]
    with program(command, directory):
        yield lambda: json.loads(central("enrol-code", "store-0001", "till-1", "--json"))["code"]


def findings(shop):
    return {finding["name"]: finding for finding in shop.run("doctor", "--json").json}


def test_a_till_is_introduced_to_hq(shop, hq, daemon):
    """No sale would ever reach HQ."""
    wrong = shop.run("enrol", "WRONG-CODE")
    assert wrong.code == 1
    assert "→" in wrong.err
    assert not findings(shop)["enrolment till-1"]["ok"]
    enrolled = shop.run("enrol", hq())
    assert (enrolled.code, enrolled.err) == (0, "")
    assert "till-1 is enrolled" in enrolled.out
    found = findings(shop)
    assert found["enrolment till-1"]["ok"]
    assert found["hq"]["ok"]
    assert found["backlog"]["detail"] == "HQ has everything"
    code = hq()
    with daemon():
        beside = shop.run("enrol", code)
        assert (beside.code, beside.err) == (0, "")
        assert shop.run("enrol", code).code == 0, "an answer that was lost can be asked for again"
        refused = shop.run("enrol", "WRONG-CODE")
        assert refused.code == 1
        assert "code" in refused.err
        assert shop.run("status", "--json").json["daemon"]["sync"]["enrolled"]
