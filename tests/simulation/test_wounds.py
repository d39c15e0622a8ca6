"""What a wound may cost: only what stands nowhere else, and what a torn end of the log would."""

from __future__ import annotations

import pytest

from tests.simulation.wounds import FRAME, FRAME_HEADER, JOURNAL, LOG, LOG_HEADER, Image, _touched

AT_FRAME = [LOG_HEADER + number * FRAME for number in range(6)]


def log(*commits):
    """Six frames of a log; those named end a transaction."""
    return [
        Image(LOG, number, 1, bytes(4) + (b"\0\0\0\1" if number in commits else bytes(4)))
        for number in range(6)
    ]


@pytest.mark.parametrize(
    ("at", "size", "expected"),
    [
        (0, 1, {0}),
        (4096, 1, {1}),
        (4095, 2, {0, 1}),
    ],
)
def test_of_the_file_only_the_pages_that_were_hit(at, size, expected):
    """The simulator would forgive the loss of what stands on pages that were spared."""
    assert {(JOURNAL, number) for number in expected} == _touched([], JOURNAL, at, size)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (AT_FRAME[5] + FRAME_HEADER, {4, 5}),  # In the last commit: as if the power had torn it.
        (AT_FRAME[3] + FRAME_HEADER, {3}),  # Another commit stands behind: that is noticed.
        (AT_FRAME[3], {2, 3, 4, 5}),  # A commit that is not to be seen as one any more.
        (AT_FRAME[1] + FRAME_HEADER, {1}),
    ],
)
def test_of_the_log_what_its_end_takes_with_it(at, expected):
    """The simulator would blame the product for a loss it could not notice, or forgive one."""
    assert {(LOG, number) for number in expected} == _touched(log(1, 3, 5), LOG, at, 1)
