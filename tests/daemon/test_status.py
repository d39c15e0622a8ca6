"""`till-agent status` in words: what a technician reads on the telephone."""

from __future__ import annotations

import pytest

from agent.core.faults import NotFoundFault
from agent.core.identifiers import TillId
from agent.daemon import status
from agent.daemon.backlog import LaneBacklog
from agent.daemon.checked import load_checked
from agent.daemon.doctor import examination
from agent.daemon.status import StatusReport, show

SYNC = {
    "enrolled": False,
    "online": False,
    "since": "2026-11-02T12:00:00Z",
    "last_error": "HQ does not answer",
    "troubles": [
        {"till": "till-1", "lane": "sales", "name": "fork", "detail": "two records under 7"}
    ],
}
DEVICES = [
    {"id": "counter", "state": "ready", "detail": ""},
    {"id": "receipt", "state": "paper_empty", "detail": "put in a roll"},
]


def report(**fields):
    told = {
        "store": "s",
        "running": True,
        "unsent": 2,
        "journals": [LaneBacklog(TillId("till-1"), "sales", 5, 2)],
        "hq": "https://hq.example",
        "daemon": {"sync": SYNC, "devices": DEVICES},
    }
    return StatusReport(**{**told, **fields})


def test_everything_that_is_wrong_is_said(capsys):
    """A till that HQ does not know would look well."""
    show(report())
    said = capsys.readouterr().out
    for words in (
        "store s: daemon runs",
        "till-1 sales 5 entries, 2 not at HQ",
        "DOES NOT ANSWER since 2026-11-02T12:00:00Z, NOT ENROLLED",
        "HQ does not answer",
        "till-1 sales: two records under 7",
        "device counter: ready\n",
        "device receipt: paper_empty (put in a roll)",
    ):
        assert words in said


def test_what_is_missing_is_said_with_since_when_and_why(capsys):
    """Whoever is on the telephone could not say whether everything is in."""
    journal = {"journal_id": "ab" * 16, "said": "2 entries (1.2 kB) not at HQ, for 2 h: cut off"}
    trouble = {
        "till": "till-1",
        "lane": "",
        "name": "revoked",
        "detail": "HQ has revoked this device",
        "since": "2026-11-02T11:00:00Z",
        "remedy": "enrol it anew",
    }
    sync = SYNC | {"said": "2 entries not at HQ", "journals": [journal], "troubles": [trouble]}
    lanes = [
        LaneBacklog(TillId("till-1"), "sales", 5, 2, "ab" * 16),
        LaneBacklog(TillId("till-1"), "sales", 3, 0, "cd" * 16, successor="ab" * 16),
    ]
    show(report(journals=lanes, daemon={"sync": sync}))
    said = capsys.readouterr().out
    for words in (
        "    2 entries (1.2 kB) not at HQ, for 2 h: cut off",
        "    abababab goes on from it",
        "    2 entries not at HQ",
        "till-1: HQ has revoked this device (since 2026-11-02T11:00:00Z)",
        "→ enrol it anew",
    ):
        assert words in said


def test_an_hq_that_nobody_has_asked_is_not_said_to_be_silent(capsys):
    """Whoever sets up a till would look for a fault of the network that there is not."""
    sync = SYNC | {"last_error": None, "troubles": []}
    show(report(daemon={"sync": sync}))
    said = capsys.readouterr().out
    assert "HQ https://hq.example: not enrolled yet" in said
    assert "till-agent enrol CODE" in said
    assert "DOES NOT ANSWER" not in said


def test_a_healthy_till(capsys):
    """Alarms would be shown that are none."""
    well = {**SYNC, "enrolled": True, "online": True, "last_error": None, "troubles": []}
    show(report(daemon={"sync": well}))
    said = capsys.readouterr().out
    assert "HQ https://hq.example: answers since" in said
    assert "NOT" not in said.replace("not at HQ", "")


def test_no_daemon_and_no_hq(capsys):
    """A technician would wait for a daemon that does not run."""
    show(report(running=False, daemon={}, hq=None))
    said = capsys.readouterr().out
    assert "DOES NOT RUN" in said
    assert "works alone" in said
    assert "systemctl start" in said


def test_a_running_daemon_without_its_journal_is_a_fault(shop, monkeypatch):
    """`unsent 0` would let an installation be removed with sales on it."""
    monkeypatch.setattr(status, "_daemon", lambda _settings: {"store": "store-0001"})
    with pytest.raises(NotFoundFault):
        status.gather(shop.config)


def test_troubles_of_sync_are_findings():
    """A fork at HQ would be seen by nobody in the shop."""
    [found] = examination.troubles({"sync": SYNC})
    assert (found.name, found.ok) == ("sync till-1", False)
    assert "two records under 7 (fork)" in found.detail
    assert [] == list(examination.troubles({}))


def test_settings_decide_what_is_asked(shop):
    """Another agent's journal would be shown."""
    assert status.gather(shop.config).store == load_checked(shop.config).store.id
