"""The key that customers' cards open with: made once, outside the state directory."""

from __future__ import annotations

import stat
from types import SimpleNamespace

import pytest

from agent.daemon import sealed
from agent.daemon.doctor.keys import machine_key as examined
from agent.daemon.machine_key import CREDENTIAL, MachineKeyFault, machine_key, places


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    state = tmp_path / "agent"
    state.mkdir()
    return SimpleNamespace(agent=SimpleNamespace(state_dir=str(state)))


def test_it_is_made_once_and_outside(settings):
    """Wrong: a stolen state directory opens its cards, or a restart closes them for ever."""
    assert "none on the disk" in examined(settings).detail
    made = machine_key(settings)
    outside, inside = places(settings)
    assert (outside, False, 0o400) == (
        made.place,
        inside.exists(),
        stat.S_IMODE(outside.stat().st_mode),
    )
    assert made == machine_key(settings)
    assert repr(made.secret) not in repr(made)
    assert (True, True) == (examined(settings).ok, "systemd-creds" in examined(settings).remedy)


def test_where_there_is_no_other_place_doctor_says_so(settings):
    """Wrong: the till does not start, or nobody learns that its cards are not protected."""
    outside, inside = places(settings)
    outside.parent.write_text("in the way")
    made = machine_key(settings)
    assert (inside, True) == (made.place, made.is_inside)
    outside.parent.unlink()
    assert made == machine_key(settings)
    found = examined(settings)
    assert (False, True) == (found.ok, "lies in the state directory" in found.detail)


def test_a_credential_of_systemd_goes_before(settings, tmp_path, monkeypatch):
    """Wrong: a key sealed to the TPM is ignored, and another one lies on the disk."""
    handed = tmp_path / "credentials"
    handed.mkdir()
    (handed / CREDENTIAL).write_bytes(b"s" * 40)
    (handed / CREDENTIAL).chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert machine_key(settings).is_sealed
    assert not any(place.exists() for place in places(settings))


@pytest.mark.parametrize(("content", "mode"), [(b"short", 0o400), (b"k" * 32, 0o444)])
def test_a_key_that_protects_nothing_is_refused(settings, content, mode):
    """Wrong: a cut-off file, or one that everybody reads, is taken for a key."""
    outside, _ = places(settings)
    outside.parent.mkdir()
    outside.write_bytes(content)
    outside.chmod(mode)
    with pytest.raises(MachineKeyFault, match=str(outside)):
        machine_key(settings)


def test_an_image_is_taken_without_it(settings, tmp_path):
    """Wrong: all machines made of one image open each other's cards."""
    machine_key(settings)
    sealed.finish(tmp_path / "agent")
    assert not any(place.exists() for place in places(settings))
