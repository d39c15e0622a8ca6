"""How a command reaches the running daemon, and what it says where it cannot."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from agent.core.faults import AccessFault
from agent.daemon import control
from agent.daemon.checked import load_checked
from agent.daemon.control import (
    TOKEN_FILE,
    DaemonAnswered,
    DaemonAway,
    ask,
    base_url,
    greeting,
    make_admin_token,
    read_admin_token,
)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        size = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(size)))
        status, content = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        self.do_GET()

    def log_message(self, *_):
        """Keep quiet."""


@contextmanager
def answering(shop, status, content):
    """Something at the daemon's address that gives one answer."""
    with HTTPServer(("127.0.0.1", shop.port), _Handler) as server:
        server.answer, server.seen = (status, content), []
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield server.seen
        thread.join()


@pytest.fixture
def settings(shop):
    return load_checked(shop.config)


def test_a_command_speaks_as_admin(shop, settings):
    """Nobody could pair a till page."""
    token = make_admin_token(shop.state)
    with answering(shop, 200, b'{"a": 1}') as seen:
        assert ask(settings, "POST", "/v1/x", {"b": 2}) == {"a": 1}
    path, headers, body = seen[0]
    assert (path, headers["Authorization"]) == ("/v1/x", f"Bearer {token}")
    assert (json.loads(body), headers["Host"]) == ({"b": 2}, f"127.0.0.1:{shop.port}")


def test_a_request_without_a_body_sends_an_empty_object(shop, settings):
    """The daemon would refuse a request that has nothing to say."""
    make_admin_token(shop.state)
    with answering(shop, 200, b"") as seen:
        assert ask(settings, "POST", "/v1/x") is None
    assert seen[0][2] == b"{}"
    with answering(shop, 200, b"[]") as seen:
        assert ask(settings, "GET", "/v1/x") == []
    assert seen[0][2] == b""


@pytest.mark.parametrize(
    ("content", "detail", "remedy"),
    [
        (b'{"detail": "no", "remedy": "do"}', "no", "do"),
        (b"<html>", "status 409", "journalctl"),
        (b"[1]", "status 409", "journalctl"),
    ],
)
def test_a_refusal_is_shown_as_it_stands(shop, settings, content, detail, remedy):
    """The daemon's own remedy would be lost on the way to the technician."""
    make_admin_token(shop.state)
    with answering(shop, 409, content), pytest.raises(DaemonAnswered, match=detail) as caught:
        ask(settings, "GET", "/v1/x")
    assert remedy in caught.value.remedy


def test_nobody_answers(shop, settings):
    """A stopped daemon would look like a bug of the command."""
    with pytest.raises(DaemonAway, match="does not exist"):
        ask(settings, "GET", "/v1/status")
    make_admin_token(shop.state)
    with pytest.raises(DaemonAway, match="no till-agent answers") as caught:
        ask(settings, "GET", "/v1/status")
    assert "systemctl start" in caught.value.remedy


def test_a_token_that_may_not_be_read(tmp_path, monkeypatch):
    """A user without rights would be told that no daemon runs."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(control.Path, "read_text", refused)
    with pytest.raises(AccessFault) as caught:
        read_admin_token(tmp_path)
    assert "sudo -u till-agent" in caught.value.remedy


def test_each_start_has_its_own_token(tmp_path):
    """A token that leaked once would open the daemon for ever."""
    first, second = make_admin_token(tmp_path), make_admin_token(tmp_path)
    assert first != second
    assert read_admin_token(tmp_path) == second
    assert (tmp_path / TOKEN_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("status", "content", "told"),
    [
        (200, b'{"ok": true, "version": "1"}', {"ok": True, "version": "1"}),
        (401, b'{"ok": true, "version": "1"}', None),
        (200, b'{"hello": 1}', None),
        (200, b"<html>", None),
    ],
)
def test_who_is_a_till_agent(shop, settings, status, content, told):
    """Another program on the port would pass for the daemon."""
    with answering(shop, status, content):
        assert greeting(settings) == told


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("0.0.0.0:8460", "http://127.0.0.1:8460"),
        ("[::]:8460", "http://127.0.0.1:8460"),
        ("192.168.1.5:8460", "http://192.168.1.5:8460"),
    ],
)
def test_how_this_machine_reaches_the_daemon(shop, listen, url):
    """A daemon that listens everywhere would be called at an address that is none."""
    text = shop.config.read_text().replace(f"127.0.0.1:{shop.port}", listen)
    shop.config.write_text(text)
    assert base_url(load_checked(shop.config)) == url
