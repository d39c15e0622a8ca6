"""The thread that looks again at erasures: what tills bring late, and periods that end."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from central.daemon.beating import Beating
from central.daemon.rights import RootAuthority
from central.intake.root_key import RootKey
from central.privacy.reviewing import erasing_count, review_due
from central.privacy.settings import PrivacySettings

BEAT_S = 10.0
"""How long what a till brings of an erased person may stand in HQ's copy of the journal."""


def reviewing(
    engine: Engine,
    root: RootKey,
    settings: PrivacySettings,
    now: Callable[[], str],
    is_mine: Callable[[], bool],
    ended: Callable[[], None],
    *,
    settle: Callable[[], None],
) -> Beating:
    """Make the thread; it begins with a pause: a start has more urgent things to do.

    Args:
        engine: the ledger.
        root: signs further orders.
        settings: whose law says what is kept.
        now: HQ's clock.
        is_mine: whether this process is the one that applies; of several only one reviews.
        ended: called in the thread when it ends, asked for or not.
        settle: called after erasures, whoever had them carried out, and after a start: a crash
            may have come in between.
    """
    authority = RootAuthority(root, now, "looked at again")
    settled = 0

    def look() -> bool:
        nonlocal settled
        if is_mine():
            review_due(engine, settings, authority, now())
        if (erased := erasing_count(engine)) != settled:
            settle()
            settled = erased
        return False

    return Beating("reviews", look, BEAT_S, ended, first_s=BEAT_S)
