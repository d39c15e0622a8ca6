"""The real daemon on a disk that fills: it refuses, finishes, restarts, and recovers by itself."""

from __future__ import annotations

import json

import pytest

from tests.daemon.test_running import call, sell
from tests.disks import Hog, needs_root, small_disk

LINE = {"name": "Tea", "unit_price": 249, "taxes": ["reduced"], "quantity": 1000}
CARD = {"kind": "card", "amount": 100}
CASH = {"kind": "cash", "amount": 149}
pytestmark = needs_root


@pytest.fixture
def disk(shop):
    """A shop whose state directory is a disk of sixteen megabytes."""
    shop.state.rmdir()
    with small_disk(shop.directory, "ext4", 16) as place:
        shop.state = place / "state"
        shop.state.mkdir(mode=0o700)
        shop.write()
        yield Hog(place)


def post(shop, token, path, body=None):
    return call(shop, "POST", path, token, body or {})


def begin(shop, token):
    """Open a sale with one line and give the path of it."""
    status, view = post(shop, token, "/v1/tills/till-1/sales")
    assert status in {200, 201}, view
    path = f"/v1/sales/{view['sale']['sale_id']}"
    assert 201 == post(shop, token, f"{path}/lines", LINE)[0]
    return path


def refused(answer):
    status, problem = answer
    assert (507, "urn:till-agent:problem:disk-full") == (status, problem["type"])
    assert "make room" in problem["remedy"]


def test_a_day_on_a_disk_that_fills(shop, disk, daemon):
    """A shop would stand still, or sell what nobody will ever know of."""
    with daemon():
        token = shop.run("pair", "till-1", "--json").json["token"]
        path = begin(shop, token)
        assert 201 == post(shop, token, f"{path}/tenders", CARD)[0]
        disk.fill()
        refused(post(shop, token, f"{path}/lines", LINE))
        assert 201 == post(shop, token, f"{path}/tenders", CASH)[0]
        status, done = post(shop, token, f"{path}/complete")
        assert (200, 249) == (status, done["total"])
        refused(post(shop, token, "/v1/tills/till-1/sales"))
        assert "full" == call(shop, "GET", "/v1/tills/till-1", token)[1]["disk"]["level"]
        told = shop.run("status", "--json").json["daemon"]["disk"]
        assert ("full", "sales") == (told["level"], told["refused"][-1])
        assert b'till_agent_disk_level{level="full"} 1.0' in metrics(shop, token)
    disk.fill()
    with daemon():
        assert done == post(shop, token, f"{path}/complete")[1]
        refused(post(shop, token, "/v1/tills/till-1/sales"))
        disk.free()
        sell(shop, token)
        assert 0 == shop.run("journal", "verify").code


def metrics(shop, token):
    import http.client

    link = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=90)
    try:
        link.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
        return link.getresponse().read()
    finally:
        link.close()


def test_not_a_byte_left_ends_nobody(shop, disk, daemon):
    """With the reserve gone as well the daemon would fall over, and at each start again."""
    shop.agent = "reserve_mb = 0"
    shop.write()
    with daemon() as process:
        token = shop.run("pair", "till-1", "--json").json["token"]
        path = begin(shop, token)
        answers = set()
        for _ in range(25):
            disk.fill()
            answers.add(post(shop, token, f"{path}/lines", LINE)[0])
        assert answers <= {201, 503}
        assert 503 in answers
        assert process.poll() is None
        disk.free()
        assert 201 == post(shop, token, f"{path}/lines", LINE)[0]
        sell_on(shop, token, path)


def sell_on(shop, token, path):
    _, view = call(shop, "GET", path, token)
    tender = {"kind": "cash", "amount": view["totals"]["due"]}
    assert 201 == post(shop, token, f"{path}/tenders", tender)[0]
    assert 200 == post(shop, token, f"{path}/complete")[0]


def test_a_backup_by_hand_with_and_without_the_daemon(shop, daemon, tmp_path):
    """The one command for it would work in half of the cases."""
    medium = tmp_path / "medium"
    medium.mkdir()
    with daemon():
        token = shop.run("pair", "till-1", "--json").json["token"]
        sell(shop, token)
        made = shop.run("backup", str(medium), "--json").json
        assert (1, 1) == (made["number"], made["entries"])
        told = json.dumps(shop.run("status", "--json").json["daemon"]["upkeep"])
        assert made["path"] in told
        away = shop.run("backup", str(tmp_path / "away"))
        assert (1, "") == (away.code, away.out)
        assert "plug the medium in" in away.err
        assert 403 == post(shop, token, "/v1/backups", {"directory": str(medium)})[0]
    alone = shop.run("backup", str(medium))
    assert 0 == alone.code
    assert "000002.db: 1 entries" in alone.out
    assert "own disk" in alone.err
    assert "000002.db" in shop.run("doctor").out
