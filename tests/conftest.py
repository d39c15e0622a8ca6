"""What every test has to put up with: no skipped programs in CI, no threads left behind."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from _pytest.doctest import DoctestModule
from hypothesis import HealthCheck, settings

STRAGGLER_PATIENCE_S = 60
KINDS = ("displays", "printers", "scales", "scanners")
TRACED = ("tests/core/", "agent/core/", *(f"tests/drivers/{kind}/" for kind in KINDS))
"""The tests that must reach every branch of what they test. Even code that is not measured runs at
half its speed while a tracer is asked about each call."""
MEASURED = ("agent.core", *(f"drivers.{kind}.codecs" for kind in KINDS))
"""What `[tool.coverage.run]` measures."""
WENT_UNMEASURED = pytest.StashKey[bool]()
"""Whether a test ran without `coverage` in this process since one ran with it."""

# How long an example takes says how busy the machine is, not whether the code is right. The suite
# plays the same examples each time: what passed passes again. `make search` plays others.
settings.register_profile(
    "till", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "search",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("TILL_EXAMPLES", "till"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand whole files to the workers."""
    from tests.scheduling import ByFile

    return ByFile(config, log)


def pytest_collection_modifyitems(items):
    """Begin with the tests that take long, those that are busy beside those that wait."""
    from tests.scheduling import busy_beside_waiting

    busy_beside_waiting(items)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Look for examples in the documentation of the product alone: tests have none."""
    found = yield
    return [each for each in found if not isinstance(each, DoctestModule)]


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Measure what importing the product runs, not the collecting of thousands of tests."""
    hands_out = session.config.pluginmanager.hasplugin("dsession")
    if sys.gettrace() is not None and not hands_out:
        _import_measured()
    with _untraced():
        return (yield)


def _import_measured():
    for name in MEASURED:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(found.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Measure coverage only by the tests that it is asked of."""
    if item.nodeid.startswith(TRACED) and item.get_closest_marker("untraced") is None:
        _forget_what_went_unmeasured(item.config.stash)
        return (yield)
    item.config.stash[WENT_UNMEASURED] = True
    with _untraced():
        return (yield)


def _forget_what_went_unmeasured(stash):
    """Empty the caches: what they hold was worked out untraced, and would not be measured again.

    Which test comes first in a worker is chance, and so would the coverage be.
    """
    if stash.get(WENT_UNMEASURED, False):
        for cached in _measured_caches():
            cached.cache_clear()
    stash[WENT_UNMEASURED] = False


def _measured_caches():
    for name, module in list(sys.modules.items()):
        if module is not None and name.startswith(MEASURED):
            yield from (each for each in vars(module).values() if hasattr(each, "cache_clear"))


@contextmanager
def _untraced():
    """Do without `coverage`, which traces this thread and those that it starts."""
    here, threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        threading.settrace(threads)
        sys.settrace(here)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """In CI a skipped test is a failed one: a missing program must not look like success."""
    report = yield
    if report.skipped and os.environ.get("TILL_AGENT_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _same_umask():
    """Give each test the usual umask: programs that run in a test's process change it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def _no_threads_left():
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + STRAGGLER_PATIENCE_S
    left = []
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon and "asyncio" not in thread.name and "AnyIO" not in thread.name:
            thread.join(max(0, deadline - time.monotonic()))
            left += [thread.name] if thread.is_alive() else []
    assert [] == left, "a test left threads running"
