"""Commands beside a running daemon, and the same commands while none runs."""

from __future__ import annotations

import http.client
import json
import signal

import pytest

from agent.daemon.control import TOKEN_FILE


def call(shop, method, path, token=None, body=None):
    link = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=90)
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    try:
        link.request(method, path, None if body is None else json.dumps(body), headers)
        answer = link.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        link.close()


def sell(shop, token):
    """Sell one thing at an open price, for cash."""
    _, sale = call(shop, "POST", "/v1/tills/till-1/sales", token, {})
    sale_id = sale["sale"]["sale_id"]
    line = {"name": "Tea", "unit_price": 249, "taxes": ["reduced"], "quantity": 1000}
    assert call(shop, "POST", f"/v1/sales/{sale_id}/lines", token, line)[0] == 201
    tender = {"kind": "cash", "amount": 249}
    assert call(shop, "POST", f"/v1/sales/{sale_id}/tenders", token, tender)[0] == 201
    status, completed = call(shop, "POST", f"/v1/sales/{sale_id}/complete", token, {})
    assert status in {200, 201}
    return completed


def test_commands_beside_a_running_daemon(shop, daemon):
    """A technician would have to stop selling to look at anything."""
    with daemon() as process:
        status = shop.run("status")
        assert status.code == 0
        assert "daemon runs" in status.out
        token = shop.run("pair", "till-1", "--json").json["token"]
        assert call(shop, "GET", "/v1/tills/till-1", token)[0] == 200
        sell(shop, token)
        _look_into_the_journal(shop)
        assert shop.run("pair", "till-1", "--revoke").out.startswith("1 token(s)")
        assert call(shop, "GET", "/v1/tills/till-1", token)[0] == 401
        refused = shop.run("enrol", "CODE")
        assert (refused.code, refused.out) == (1, "")
        assert "name no HQ" in refused.err
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0
    stopped = shop.run("status")
    assert stopped.code == 1
    assert "systemctl start till-agent" in stopped.out
    assert shop.run("status", "--unsent").out == "1\n"


def _look_into_the_journal(shop):
    verified = shop.run("journal", "verify")
    assert (verified.code, verified.err) == (0, "")
    assert "till-1 sales 1 entries, intact" in verified.out
    reports = shop.run("journal", "verify", "--json").json
    assert {report["lane"]: report["tail_seq"] for report in reports} == {"sales": 1, "side": 0}
    [last] = shop.run("journal", "tail", "-n", "1", "--json").json
    assert (last["lane"], last["seq"], last["body"]["total"]) == ("sales", 1, 249)
    assert '"total":249' in shop.run("journal", "tail").out
    target = shop.directory / "export.jsonl"
    assert shop.run("journal", "export", str(target)).code == 0
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["lane"] for line in lines if "lane" in line] == ["sales", "side"]
    assert [json.loads(line["body"])["total"] for line in lines if "seq" in line] == [249]
    unwritable = shop.run("journal", "export", str(shop.directory / "none" / "x"))
    assert unwritable.code == 1
    assert "cannot be written" in unwritable.err


def test_a_second_daemon_on_the_same_journal_is_refused(shop, daemon, port, ran):
    """Two daemons would write two histories under the same numbers."""
    with daemon() as first:
        shop.write(port=port)
        second = ran(shop.command("run"))
        assert (second.returncode, second.stdout) == (1, "")
        assert "journal-locked" in second.stderr
        assert str(first.pid) in second.stderr
        held = shop.run("pair", "till-1")
        assert held.code == 1
        assert str(first.pid) in held.err


def test_commands_without_a_daemon_open_the_files_themselves(shop):
    """A new machine could not be prepared before its daemon runs."""
    assert shop.run("status", "--unsent").out == "0\n"
    nothing = shop.run("journal", "verify")
    assert nothing.code == 1
    assert "there is no journal" in nothing.err
    paired = shop.run("pair", "till-1")
    assert paired.code == 0
    assert f"{shop.url}/#token=" in paired.out
    assert shop.run("journal", "verify").code == 0
    assert shop.run("pair", "till-1", "--revoke", "--json").json == {"till": "till-1", "revoked": 1}


def test_a_till_that_is_not_there(shop):
    """A token would be issued that opens nothing."""
    ran = shop.run("pair", "till-9")
    assert ran.code == 1
    assert "name one of: till-1" in ran.err


@pytest.mark.parametrize(("option", "word"), [([], "no HQ"), (["--till", "till-9"], "no HQ")])
def test_enrolment_without_an_hq(shop, option, word):
    """A code would be used up on nobody."""
    ran = shop.run("enrol", "CODE", *option)
    assert ran.code == 1
    assert word in ran.err


def test_enrolment_of_which_till(shop):
    """The code of one till would be used for another."""
    shop.write(hq="http://127.0.0.1:9", wiring='[[till]]\nid = "till-2"')
    several = shop.run("enrol", "CODE")
    assert several.code == 1
    assert "--till till-1 or till-2" in several.err
    assert "no till 'till-3'" in shop.run("enrol", "CODE", "--till", "till-3").err
    away = shop.run("enrol", "CODE", "--till", "till-2")
    assert away.code == 1
    assert "hq-unreachable" in away.err


def test_the_admin_token_is_its_owners(shop, daemon):
    """Every user of the machine could steer the daemon."""
    with daemon():
        assert (shop.state / TOKEN_FILE).stat().st_mode & 0o077 == 0
        assert call(shop, "POST", "/v1/tills/till-1/pair", None, {})[0] == 401


def test_something_else_answers_at_the_daemons_address(shop):
    """A command would take another program's words for the daemon's."""
    import socket
    import threading

    (shop.state / TOKEN_FILE).write_text("x", encoding="ascii")
    with socket.create_server(("127.0.0.1", shop.port)) as server:
        talker = threading.Thread(target=_talk_nonsense, args=(server,))
        talker.start()
        ran = shop.run("status", "--json")
        talker.join()
    assert ran.code == 1
    assert ran.json["running"] is False


def _talk_nonsense(server):
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"220 mail.example ESMTP\r\n")
        connection.recv(1000)
