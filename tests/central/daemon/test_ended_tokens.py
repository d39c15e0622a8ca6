"""A token that was ended opens no HQ, whichever backup is put back."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from central.daemon.channel_tokens import ChannelTokens, revoke
from central.daemon.ended_tokens import (
    FILE,
    EndedTokens,
    EndedUnreadable,
    EndNotWrittenDown,
    settle,
)
from central.daemon.staff import staff_tokens
from central.ledger.engine import writing
from central.ledger.tables import CHANNEL_TOKENS, FACTS
from tests.central.daemon.test_restore_anywhere import Place

NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def place(tmp_path, database_url):
    """An HQ with a channel."""
    made = Place(tmp_path, database_url)
    made.config.write_text(made.config.read_text() + '[[channel]]\nid = "web"\n')
    made.call("migrate")
    return made


def state_of(place):
    return place.directory / "state"


def new_staff_token(place):
    """Do as `serve --new-staff-token`."""

    def replaced(engine, _root):
        ended = EndedTokens(state_of(place))
        token = staff_tokens(engine, ended, NOW, replace=True)[1]
        settle(engine, ended, NOW)
        return token

    return place.use(replaced)


def opens(place, *tokens):
    """Start as `serve` does, and tell which tokens open anything."""

    def tried(engine, _root):
        ended = EndedTokens(state_of(place))
        settle(engine, ended, NOW)
        staff, channels = staff_tokens(engine, ended, NOW)[0], ChannelTokens(engine, ended)
        return [staff.admits(each) or channels.speaker(each) is not None for each in tokens]

    return place.use(tried)


def revoked_since(place, tmp_path):
    """Give a backup, and what is valid in it and was ended since."""
    staff = new_staff_token(place)
    leaked = place.call("channel-token", "web")["token"]
    backup = Path(place.call("backup", str(tmp_path / "backups"))["place"])
    place.call("channel-token", "web", "--replace")
    new_staff_token(place)
    return backup, [leaked, staff]


@pytest.mark.both_databases
def test_what_was_ended_opens_no_restored_hq(place, tmp_path):
    """Wrong: a restore gives a leaked token back to whoever has it."""
    kept = place.call("channel-token", "web")["token"]
    backup, bad = revoked_since(place, tmp_path)
    assert [False, False] == opens(place, *bad)
    assert 3 == place.call("restore", str(backup))["tokens_ended_again"]
    assert [False, False, False] == opens(place, *bad, kept)
    assert 3 == place.call("restore", str(backup))["tokens_ended_again"]
    assert [False, False] == opens(place, *bad)


@pytest.mark.parametrize("lost", ["state", "backups"])
def test_either_book_is_enough(place, tmp_path, lost):
    """Wrong: with one disk, the ends of tokens are gone."""
    backup, bad = revoked_since(place, tmp_path)
    assert 0o600 == (tmp_path / lost / FILE).stat().st_mode & 0o777
    (tmp_path / lost / FILE).unlink()
    for left in tmp_path.glob("*.sqlite*"):
        left.unlink()
    place.call("restore", str(backup))
    assert [False, False] == opens(place, *bad)
    assert EndedTokens(tmp_path / "state").held() == EndedTokens(tmp_path / "backups").held()


def test_a_database_file_put_back_by_hand_obeys(place, tmp_path):
    """Wrong: who copies an old file into its place lets everybody in again."""
    staff = new_staff_token(place)
    leaked, good = (place.call("channel-token", "web")["token"] for _ in range(2))
    (file,) = tmp_path.glob("*.sqlite")
    shutil.copy(file, tmp_path / "old")
    first = place.call("channel-token", "web", "--list")[0]["id"]
    place.call("channel-token", "web", first, "--revoke")
    new_staff_token(place)
    for left in tmp_path.glob("*.sqlite*"):
        left.unlink()
    (tmp_path / "old").rename(file)
    assert not opens(place, staff)[0]
    assert {False, True} == set(opens(place, leaked, good))


def test_a_running_hq_does_not_forget(place):
    """Wrong: the database goes back under a serving process, and a token opens it again."""
    token = place.call("channel-token", "web")["token"]

    def rewound(engine, _root):
        ended = EndedTokens(state_of(place))
        channels = ChannelTokens(engine, ended)
        assert channels.speaker(token)
        place.call("channel-token", "web", "--revoke")
        ended.refresh(engine)
        with writing(engine) as conn:
            conn.execute(CHANNEL_TOKENS.update().values(ended_at=None))
            conn.execute(FACTS.delete().where(FACTS.c.key == "ended_tokens"))
        ended.refresh(engine)
        channels.refresh(engine)
        return channels.speaker(token)

    assert place.use(rewound) is None


def test_another_process_writes_down_what_this_one_ended(place, tmp_path):
    """Wrong: of two HQs on one PostgreSQL, the one that is put back has no book."""
    token = new_staff_token(place)
    other = tmp_path / "other"
    other.mkdir()
    new_staff_token(place)
    place.use(lambda engine, _root: EndedTokens(other).refresh(engine))
    assert EndedTokens(state_of(place)).held() == EndedTokens(other).held()
    assert sha256(token.encode()).hexdigest() in EndedTokens(other).held()


def test_half_a_line_says_nothing_and_spoils_none(tmp_path):
    """Wrong: after a power cut while a line is written, the next end of a token is lost."""
    (tmp_path / FILE).write_bytes(b"ab" * 32 + b"\n" + b"cd" * 20)
    book = EndedTokens(tmp_path)
    book.add({"ef" * 32, "ab" * 32})
    assert {"ab" * 32, "ef" * 32} == EndedTokens(tmp_path).held()
    assert 1 == (tmp_path / FILE).read_bytes().count(b"ab" * 32)


def test_a_token_stays_where_its_end_cannot_be_written(place):
    """Wrong: a token is said to be ended, and the next restore brings it back."""
    token = place.call("channel-token", "web")["token"]
    (state_of(place) / FILE).mkdir()

    def told(engine, _root):
        with pytest.raises(EndedUnreadable), writing(engine) as conn:
            revoke(conn, EndedTokens(state_of(place)), "web", None, NOW)
        with pytest.raises(EndNotWrittenDown), writing(engine) as conn:
            revoke(conn, EndedTokens(state_of(place) / "gone"), "web", None, NOW)
        return ChannelTokens(engine, EndedTokens(place.directory)).speaker(token)

    assert place.use(told)


def test_a_medium_that_cannot_be_written_is_named(place, tmp_path):
    """Wrong: a backup stays beside which nothing says what was ended."""
    backup, _ = revoked_since(place, tmp_path)
    (backup.parent / FILE).unlink()
    (backup.parent / FILE).mkdir()
    ended = EndedTokens(state_of(place))
    with pytest.raises(EndNotWrittenDown, match="backups"):
        place.use(lambda engine, _root: settle(engine, ended, NOW))
