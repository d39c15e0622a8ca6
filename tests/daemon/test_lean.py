"""An idle daemon leaves the till's memory to the browser beside it."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MB_MAX = 100
COMPILED = {"_imaging", "uharfbuzz", "_pydantic_core"}
HEAVY = {"PIL", "alembic", "httpx", "jinja2", "playwright", "pydantic", "sqlalchemy", "uharfbuzz"}
WIRING = """scanners = ["one", "two"]
printer = "receipt"
drawer = "receipt"
display = "pole"
scale = "scale"
""" + "".join(
    f'[[device]]\nid = "{name}"\nkind = "{kind}"\naddress = "virtual:{name}"\n'
    for name, kind in (
        ("one", "scanner"),
        ("two", "scanner"),
        ("receipt", "printer"),
        ("kitchen", "printer"),
        ("pole", "display"),
        ("scale", "scale"),
    )
)


@pytest.fixture(scope="module")
def idle(executed_daemon):
    """Give the process of a daemon with six devices that has answered once."""
    with executed_daemon(wiring=WIRING) as (shop, process):
        link = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=90)
        link.request("GET", "/v1/status")
        assert link.getresponse().status == 200
        link.close()
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_an_idle_daemon_is_small(idle):
    """Beside a browser on 2 GB, the till would begin to swap, and each scan to wait."""
    lines = Path(f"/proc/{idle.pid}/status").read_text(encoding="ascii").splitlines()
    [resident] = [int(line.split()[1]) for line in lines if line.startswith("VmRSS:")]
    assert resident / 1024 <= MB_MAX


def test_an_idle_daemon_has_loaded_nothing_heavy(idle):
    """Reading the command line, or drawing nothing at all, would hold megabytes for good."""
    maps = Path(f"/proc/{idle.pid}/maps").read_text(encoding="utf-8")
    files = {line.split()[-1] for line in maps.splitlines() if "/site-packages/" in line}
    assert files
    assert set() == {name for name in COMPILED if any(name in file for file in files)}


def test_the_daemon_imports_nothing_heavy():
    """An import at the top of a module would bring a library of megabytes back, unnoticed."""
    asked = "import agent.daemon.cli, agent.daemon.run, sys; print(*sys.modules)"
    command = (sys.executable, "-c", asked)
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert set() == HEAVY & set(said.stdout.split())


def test_a_setting_that_is_wrong_ends_the_service_with_its_reason(shop):
    """The service manager would log a traceback instead of what to do."""
    shop.config.write_text("[store]\n", encoding="utf-8")
    ran = subprocess.run(
        shop.command("run"), check=False, capture_output=True, text=True, timeout=120
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "→" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_company_prefixes_are_let_go_and_labels_still_read():
    """A table nothing looks into would hold 10 MB; or, thrown away wrongly, no label would read."""
    asked = (
        "from agent.daemon.lean import load_dictionary; load_dictionary()\n"
        "from biip import gs1_prefixes as kept\n"
        "from agent.core.barcode import BarcodeRules, read\n"
        "scan = b']C1' + b'0109521000151109' + b'10A1'\n"
        "print(len(kept._GS1_COMPANY_PREFIX_TRIE))\n"
        "print(read(scan, BarcodeRules(in_store=(), currency='EUR')))\n"
    )
    command = (sys.executable, "-c", asked)
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    table, label = said.stdout.splitlines()
    assert table == "0"
    assert "09521000151109" in label
