"""Points on a receipt: only what there is to say."""

from __future__ import annotations

import pytest

from agent.core.receipt.document import Row, Text
from agent.core.receipt.points import PointsShown, points
from tests.core.receipt.papers import BERLIN

HEARD = "2026-07-28T12:03:59.000Z"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (None, []),
        (PointsShown(earned=12), [Row("Gesammelte Punkte", "12")]),
        (PointsShown(balance=0), [Row("Punktestand", "0")]),
        (
            PointsShown(12, 142, HEARD),
            [
                Row("Gesammelte Punkte", "12"),
                Row("Punktestand", "142"),
                Text("  Stand 28.07.2026 14:03"),
            ],
        ),
    ],
)
def test_points_are_said_as_far_as_they_are_known(shown, expected):
    """A customer would read a balance nobody knows, or one that is hours old as today's."""
    assert expected == points(shown, BERLIN)
