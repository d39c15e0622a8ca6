"""The settings as frozen values: what IT writes in the agent's TOML file.

Every field's default is what a shop would want; the docstrings are the text of the JSON Schema.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from agent.core.identifiers import DeviceId, StoreId, TillId

# fmt: off
Language = Literal[
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "cs", "sv", "da", "fi", "nb", "hu", "ro",
    "el", "bg", "uk", "tr", "ar", "he",
]
# fmt: on
"""Languages of receipts: those of `agent.core.receipt.words`."""


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[store]`: where this agent stands."""

    id: StoreId
    name: str = ""
    """As printed on top of the receipt; the id where it is empty."""
    gln: str | None = None
    """GS1 Global Location Number, thirteen digits."""
    address: tuple[str, ...] = ()
    """Lines under the name on the receipt."""
    vat_id: str | None = None
    country: str = "DE"
    """ISO 3166-1 alpha-2; also the region of phone numbers typed without a country code."""
    currency: str = "EUR"
    """ISO 4217."""
    timezone: str = "Europe/Berlin"
    """IANA name; decides the business date."""
    language: Language = "en"
    """BCP 47 tag of the receipt's language."""
    prices_include_tax: bool = True
    day_starts_at: str = "04:00"
    """Sales before this time belong to the day before (business date), as HH:MM."""
    cash_rounding: int = 1
    """Cash totals are rounded to multiples of this many minor units; 5 in Switzerland."""
    receipt_template: str | None = None
    """Path of a receipt template (TOML), a relative one from this file's folder; the built-in one
    where it is absent. Try one with `till-agent receipt preview`."""


class AgentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[agent]`: the daemon itself."""

    listen: str = "127.0.0.1:8460"
    """Address and port of the local API; loopback unless the till is another machine."""
    state_dir: str = "/var/lib/till-agent"
    """Owned by the service's user; holds the journal, the directory and the device key."""
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides the agent's own that may call the API, for example `https://pos.example`."""
    allowed_hosts: tuple[str, ...] = ()
    """Host header values besides the listening address and localhost."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    reserve_mb: int = 64
    """Megabytes held back on the disk of `state_dir`, so that a sale that is being paid, and
    deleting, still work when it is full; when only these are left, no sale is begun. At most an
    eighth of that disk is taken; 0: none, and nothing is refused."""
    keep_days: int = 90
    """Business days (closed ones) whose records stay complete here even when HQ has them safely;
    older ones are thinned out at night, down to their hashes."""
    backup_dir: str | None = None
    """Folder on a second medium that gets a verified copy of the journal every night; absent: none.
    `till-agent backup DIR` writes one at once. The device key is never in it."""
    backup_keep: int = 3
    """How many of its own copies are kept in `backup_dir`, the newest."""


class HqSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[hq]`: absent, the agent works alone and keeps everything."""

    url: str
    """`https://…`; plain http only to a loopback address."""
    ca_file: str | None = None
    proxy: str | None = None


class BarcodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[barcode]`: what this chain's own codes look like."""

    in_store: tuple[str, ...] = ("21IIIIIPPPPPC", "22IIIIIWWWWWC")
    """13-character patterns of in-store codes: literal digits, then I item, P price in minor units,
    W weight in grams, N number of pieces, V inner check digit, C check digit; `*10` or `*100`
    behind one says that its amount counts tens or hundreds, as in `25IIIIIIWWWWC*100`."""
    card_prefixes: tuple[str, ...] = ("LC",)
    """What this chain's loyalty card codes begin with."""
    order_prefixes: tuple[str, ...] = ("WEB-", "S-")
    """What order numbers begin with: of other channels, and of special orders (`S-`)."""
    expired: Literal["refuse", "warn"] = "refuse"
    """A pack whose use-by date (AI 17, 7003) is over: `refuse` sells it only with a reason, `warn`
    sells it and says so."""
    best_before: Literal["refuse", "warn"] = "warn"
    """The same for a best-before or sell-by date (AI 15, 16)."""


class TillSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[till]]`: one lane of the shop."""

    id: TillId
    basket: Literal["agent", "external"] = "agent"
    """`agent`: the agent keeps the sale; `external`: scans are events, POS software sells."""
    scanners: tuple[DeviceId, ...] = ()
    printer: DeviceId | None = None
    drawer: DeviceId | None = None
    """The printer whose drawer port opens the drawer."""
    display: DeviceId | None = None
    scale: DeviceId | None = None
    require_sign_on: bool = False
    """Refuse sales until a cashier has signed on."""


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[device]]`: one piece of hardware."""

    id: DeviceId
    kind: Literal["scanner", "printer", "display", "scale"]
    """What it is."""
    address: str
    """`serial:PATH?baud=…`, `tcp:HOST:PORT`, `usblp:PATH`, `evdev:PATH`, `hidraw:PATH` or
    `virtual:NAME`; a PATH may also be `usb-VID:PID`, `usb-VID:PID:SERIAL` or `port-1-1.2`."""
    model: str | None = None
    """Of a printer, display or scale: see `till-agent devices --models`."""
    suffix: str = "\r"
    """Of a scanner: what ends a frame; empty where only a pause does."""
    prefix: str = ""
    """Of a scanner: what begins a frame; bytes before it are noise."""
    frame_timeout_ms: int = 0
    """Of a scanner: a pause this long ends a frame; 0 where the suffix does."""
    separator: str = ""
    """Of a scanner that cannot send GS: what it sends instead of FNC1's U+001D."""
    layout: str = "us"
    """Of an `evdev:` scanner: the keyboard layout the scanner is set to."""
    watch: Literal["auto", "hold", "poll"] = "auto"
    """Of a printer: `hold` keeps the connection and lets the printer tell its state (ASB), `poll`
    asks every two seconds; `auto` holds wires and polls the network, where others may print too."""
    print_within_minutes: int = 120
    """Of a printer: a job that waited longer is not printed by itself any more, but asked about."""
    drawer_pin: Literal[2, 5] = 2
    """Of a printer: the pin of its drawer connector that opens the drawer."""
    drawer_on_ms: int = 120
    drawer_off_ms: int = 240
    """Of a printer: length of the drawer's pulse and of the pause after it."""
    drawer_open_is: Literal["high", "low", "unknown"] = "unknown"
    """Of a printer: the level of pin 3 while the drawer is open; drawers differ."""
    drawer_alert_s: int = 60
    """Of a printer: a drawer open for longer is told; 0 never."""


class Settings(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"tills": "till", "devices": "device"},
):
    """The whole file."""

    store: StoreSettings
    tills: tuple[TillSettings, ...]
    tax: dict[str, int] = {}
    """`[tax]`: name → basis points."""
    agent: AgentSettings = AgentSettings()
    hq: HqSettings | None = None
    barcode: BarcodeSettings = BarcodeSettings()
    devices: tuple[DeviceSettings, ...] = ()
