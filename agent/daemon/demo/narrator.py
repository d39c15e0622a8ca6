"""What a person at the terminal reads: where to look, what to try, what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.daemon.demo.shop import in_store_price_code
from agent.daemon.demo.world import World
from agent.program.terminal import say

DRAWER_TOLD = ("opened", "closed", "open_too_long")
TRY = (
    ("LCSETR8P36HB", "Greta Sommer's loyalty card: an order waits; points pay (F6)"),
    ("]E09521000151109", "coffee, EAN-13"),
    (f"]E0{in_store_price_code('2110909', 437)}", "cheese from the counter, price in the code"),
    ("]Q1https://id.example.com/01/09521100359184", "honey, GS1 Digital Link"),
    ("]E09521000151108", "coffee with a wrong check digit"),
)


def welcome(world: World) -> None:
    """Say where the pages are and what can be scanned."""
    say()
    say(f"Till page    {world.page}")
    say(f"Customer's   {world.customer_page}")
    say(f"HQ console   {world.console}")
    say(f"Files, logs  {world.directory}")
    say()
    say("Type a code and press Enter: the scanner on the pty scans it. For example:")
    for code, meaning in TRY:
        say(f"  {code:<46} {meaning}")
    say(f"  {'480g':<46} puts 480 g on the scale; 0g takes them off. Then sell bananas at the page")
    say("Ctrl-C stops everything.")
    say()


def narrate(event: dict[str, Any], tell: Callable[[str], None]) -> None:
    """Say an event of the till in one line, where it is worth one."""
    words = _WORDS.get(event["type"])
    line = words(event["data"]) if words else ""
    if line:
        tell(f"  {event['at'][11:19]}  {line}")


def _scan(data: dict[str, Any]) -> str:
    why = "; ".join(data.get("why", ()))
    return f"scan    {data.get('text') or '(held back)'}: {data['kind']}. {why}"


def _item(data: dict[str, Any]) -> str:
    return f"item    {data['name']}, {data['extension']} (minor units)"


def _customer(data: dict[str, Any]) -> str:
    return f"customer {data['answer']} {data.get('party_id') or ''}"


def _sale(data: dict[str, Any]) -> str:
    receipt = f", receipt {data['receipt_no']}" if data.get("receipt_no") else ""
    return f"sale    {data['what']}: total {data['total']}, due {data['due']}{receipt}"


def _print(data: dict[str, Any]) -> str:
    return f"print   {data.get('state')} {data.get('reason') or ''}"


def _device(data: dict[str, Any]) -> str:
    return f"device  {data['device']} {data['state']} {data.get('detail') or ''}"


def _drawer(data: dict[str, Any]) -> str:
    return f"drawer  {data['state']}" if data.get("state") in DRAWER_TOLD else ""


def _weight(data: dict[str, Any]) -> str:
    grams = data.get("grams")
    return f"weight  {data['state']}" + ("" if grams is None else f" {grams} g")


def _sync(data: dict[str, Any]) -> str:
    if data.get("what") == "directory-changed":
        return f"HQ told {data['count']} change(s) of {data['scope']}"
    return f"HQ      {'answers' if data.get('online') else 'does not answer, selling goes on'}"


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "scan": _scan,
    "item": _item,
    "customer": _customer,
    "sale": _sale,
    "print": _print,
    "device": _device,
    "drawer": _drawer,
    "weight": _weight,
    "sync": _sync,
}
