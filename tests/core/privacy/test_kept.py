"""What a machine keeps for itself opens for itself alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.privacy.kept import KeptUnreadable, conceal, reveal
from tests.core.privacy.secrets import bytes_of

SECRET = bytes_of("machine")


@given(st.binary(max_size=200))
def test_what_was_kept_comes_back(text):
    """A paper that waited for its printer would be lost."""
    assert text == reveal(SECRET, "job-1", conceal(SECRET, "job-1", text))


def test_who_has_the_disk_reads_nothing():
    """The names on papers that wait would be read off a stolen till."""
    kept = conceal(SECRET, "job-1", b"for Ada Byron")
    assert b"Ada" not in kept
    assert kept == conceal(SECRET, "job-1", b"for Ada Byron")
    assert kept != conceal(SECRET, "job-2", b"for Ada Byron")
    cut = kept[:25]
    for secret, what, text in (
        (bytes_of("other"), "job-1", kept),
        (SECRET, "job-2", kept),
        (SECRET, "job-1", kept[:-1]),
        (SECRET, "job-1", cut),
    ):
        with pytest.raises(KeptUnreadable, match="does not open"):
            reveal(secret, what, text)


def test_what_an_earlier_version_kept_is_printed_too():
    """What waits while the agent is updated would be lost."""
    assert b'{"language":"en"}' == reveal(SECRET, "job-1", b'{"language":"en"}')
