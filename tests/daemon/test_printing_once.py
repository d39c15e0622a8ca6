"""Printing with the real program: one id is one paper, and a print in doubt is decided once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.sync.client import connect

from agent.daemon.control import TOKEN_FILE

JOB = "019a2222-0000-7000-8000-000000000001"
COPY = "019a2222-0000-7000-8000-000000000002"
PAPER = {"language": "en", "blocks": [{"type": "text", "text": "Paper"}, {"type": "cut"}]}
NEXT = {**PAPER, "blocks": [{"type": "text", "text": "Next"}, {"type": "cut"}]}
LINES = [{"type": "text", "text": f"line {n:04}"} for n in range(400)]
LONG = {**PAPER, "blocks": [*LINES, {"type": "cut"}]}
WIRING = """\
printer = "receipt"
[[device]]
id = "receipt"
kind = "printer"
address = "{address}"
"""


class Client:
    """POS software beside the daemon."""

    def __init__(self, shop):
        token = (shop.state / TOKEN_FILE).read_text(encoding="ascii").strip()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=shop.url, headers=self._headers, timeout=90)
        self._events = f"{shop.url.replace('http', 'ws', 1)}/v1/tills/till-1/events?after=0"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._http.close()

    def put(self, print_id=JOB, document=PAPER):
        body = {"print_id": print_id, "till": "till-1", "document": document}
        return self._http.post("/v1/print-jobs", json=body)

    def settle(self, print_id=JOB, **answer):
        return self._http.post(f"/v1/print-jobs/{print_id}/settle", json=answer)

    def asked(self):
        found = self._http.get("/v1/tills/till-1/print-jobs").json()
        return [(job["print_id"], job["state"], job["ask"]) for job in found]

    def until(self, print_id, state, within_s=45):
        """Follow the till's events from the first one on until a job is in a state; gives it."""
        with connect(self._events, additional_headers=self._headers, proxy=None) as events:
            seen = {}
            while (seen.get("print_id"), seen.get("state")) != (print_id, state):
                seen = json.loads(events.recv(within_s))["data"]
        return self._http.get(f"/v1/print-jobs/{print_id}").json()


@pytest.fixture
def printer(shop, virtual_printer):
    with virtual_printer() as peer:
        shop.write(wiring=WIRING.format(address=peer.address))
        yield peer


def test_a_hundred_posts_of_one_id_are_one_paper(shop, daemon, printer):
    """A till that repeats a print over a bad line would hand out a pile of receipts (D6)."""
    with daemon(), Client(shop) as client, ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: client.put(), range(100)))
        assert {201} == {answer.status_code for answer in answers}
        client.until(JOB, "confirmed")
        reused = client.put(document={**PAPER, "language": "de"})
        assert (409, True) == (reused.status_code, "print-id-reused" in reused.json()["type"])
    with daemon(), Client(shop) as client:
        answers.append(client.put())
        assert "confirmed" == client.until(JOB, "confirmed")["state"]
        client.put(COPY, NEXT)  # jobs are printed one after the other: the first is not there twice
        client.until(COPY, "confirmed")
    assert 1 == len({answer.text for answer in answers})
    assert ["Paper", "Next"] == [receipt.text.strip() for receipt in printer.receipts]


def test_a_print_in_doubt_is_decided_over_the_api(shop, daemon, printer):
    """A receipt torn in the middle would stay in doubt for ever, or come out twice unmarked."""
    with daemon(), Client(shop) as client:
        client.put(COPY.replace("2222", "3333"))
        client.until(COPY.replace("2222", "3333"), "confirmed")
        # Far behind what is asked before a job, and before the end of this one.
        printer.reset_at = printer.bytes_received + 1000
        client.put(document=LONG)
        client.until(JOB, "uncertain")
        assert [(JOB, "uncertain", True)] == client.asked()
        assert 400 == client.settle(answer="maybe").status_code
        assert 409 == client.settle(answer="print").status_code
        said = [client.settle(answer="print-copy", copy_id=COPY) for _ in range(2)]
        assert [200, 200] == [answer.status_code for answer in said]
        assert ("failed", True) == (said[0].json()["job"]["state"], said[0].json()["copy"]["copy"])
        client.until(COPY, "confirmed")
        assert [] == client.asked()
        assert 404 == client.settle(COPY.replace("2222", "4444"), answer="drop").status_code
    assert 1 == len([receipt for receipt in printer.receipts if "*** COPY ***" in receipt.text])
