"""A short run of the fuzzer; a long one is `python -m tests.core.barcode.fuzz`."""

from __future__ import annotations

import pytest

from tests.core.barcode.fuzz import LIMIT_NS, Maker, main, run, took

pytestmark = pytest.mark.untraced


@pytest.mark.parametrize("seed", [11, 12])
def test_no_random_scan_raises_or_takes_long(seed):
    """One odd scan would stop the till, or hold up the next."""
    assert run(10_000, seed)["p99"] * 1000 < LIMIT_NS


def test_the_same_seed_makes_the_same_scans():
    """A failure could not be repeated."""
    one, other = Maker(3), Maker(3)
    assert [one.scan() for _ in range(100)] == [other.scan() for _ in range(100)]


def test_the_fuzzer_tells_its_figures(monkeypatch, capsys):
    """Nobody would learn what a long run found."""
    monkeypatch.setattr("sys.argv", ["fuzz", "--count", "100"])
    assert main() == 0
    assert "100 scans, no exception" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["fuzz", "--kinds", "--rounds", "50"])
    assert main() == 0
    assert "Digital Link" in capsys.readouterr().out


@pytest.mark.parametrize(
    "raw",
    [
        b"1" * 7200,
        b"]C1" + b"3002\x1d" * 1400,
        b"]C1" + b"0109520123456788" * 440,
        b"]Q1https://a" + b"/" * 7000,
        b"]Q1https://a" + b"/10/A" * 1400,
        b"]Q1https://a/01/09520123456788?" + b"99=A&" * 1400,
        b"a-" * 3500,
        b"a@" + b"b." * 3400,
        b"LC" + b"-" * 7000,
        b"]C08110" + b"1" * 7000,
    ],
)
def test_the_longest_scans_are_quick_too(raw):
    """A symbol made to keep the till busy would do so."""
    assert min(took(raw) for _ in range(5)) < 100 * LIMIT_NS
