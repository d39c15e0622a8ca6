"""Coverage is a figure of the code, not of the order in which the tests ran."""

from __future__ import annotations

import pytest

from agent.core.privacy.envelopes import suite


@pytest.mark.untraced
def test_what_runs_unmeasured_fills_a_cache():
    """The next test would look at a cache that nothing had filled."""
    suite()
    assert suite.cache_info().currsize == 1


def test_what_was_cached_unmeasured_is_worked_out_again():
    """A cached function whose first caller is not measured would count as never run."""
    assert suite.cache_info().currsize == 0
