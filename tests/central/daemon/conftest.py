"""The served HQ of these tests; and a process whose umask stays as it was."""

from __future__ import annotations

import os

import pytest

from tests.central.served import hq, hq_at, new_till

__all__ = ["hq", "hq_at", "new_till"]


@pytest.fixture(autouse=True)
def _same_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)
