"""`till-agent receipt preview`: what a template prints, before a customer sees it.

Samples need no settings and no daemon. A sale is read from the journal beside a running daemon,
so that a new template can be tried on a sale of yesterday.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import msgspec

from agent.core.entries.bodies import SaleCompleted
from agent.core.faults import InputFault, NotFoundFault
from agent.core.identifiers import ReceiptNo, SaleId
from agent.core.receipt import ReceiptDocument, Template, html, lay_out, plain_text
from agent.core.receipt.words import WORDS
from agent.daemon.checked import load_checked
from agent.daemon.files import read_journal
from agent.daemon.receipt_samples import SAMPLES, UNSEALED, sample_store
from agent.daemon.receipts import load_template, read_template
from agent.journal import Connection, sales
from agent.journal.device_key import passing_key
from agent.program.terminal import say_aside
from agent.settings import Settings, StoreSettings
from agent.till.documents import Papers
from agent.till.receipt_codes import ReceiptCodes
from drivers.printers.dots import draw
from drivers.printers.making import LANGUAGES
from drivers.printers.models import DEFAULT_MODEL, ESCPOS, MODELS, STAR, PrinterModel
from drivers.printers.picture import png
from drivers.transports.address import TcpAddress
from drivers.transports.making import transport_of

BYTES = {"escpos": (ESCPOS, DEFAULT_MODEL), "star": (STAR, "star-mc-print3")}
"""Formats that are a printer's own bytes: their language, and the model where none is named."""
FORMATS = ("text", "html", "png", *BYTES)
"""What a paper can be written as."""
COLUMNS = 42


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be shown, as asked on the command line."""

    config: Path
    given: bool
    """Whether the settings were named; else they are used where there are any."""
    template: Path | None = None
    sale: str | None = None
    """A sale's id or its receipt number."""
    sample: str = "sale"
    language: str | None = None
    columns: int | None = None
    format: str = "text"
    model: str | None = None
    out: Path | None = None


def preview(asked: Preview) -> None:
    """Lay a paper out and write it, to a file or to the terminal.

    Raises:
        SettingsFault: the settings or the template have errors.
        InputFault: `no-terminal-for-bytes`, or something that cannot be printed.
        NotFoundFault: `no-such-sale`.
    """
    settings = _settings(asked)
    # The code looks as on paper; a key that is kept nowhere signs it, so no till trusts it.
    papers = Papers(settings, _template(asked, settings), ReceiptCodes(passing_key))
    _write(_written(_document(asked, settings, papers), asked), asked)


def _settings(asked: Preview) -> Settings:
    wanted = asked.given or asked.sale is not None or os.access(asked.config, os.R_OK)
    settings = load_checked(asked.config) if wanted else Settings(store=sample_store(), tills=())
    if asked.language is None:
        return settings
    language, _, country = asked.language.lower().partition("-")
    if language not in WORDS:
        raise InputFault(
            f"there are no receipts in {asked.language!r}",
            remedy=f"use one of {', '.join(sorted(WORDS))}, with a country where it matters: de-CH",
            name="unknown-language",
        )
    country = country.upper() or settings.store.country
    store = msgspec.structs.replace(settings.store, language=language, country=country)
    return msgspec.structs.replace(settings, store=store)


def _template(asked: Preview, settings: Settings) -> Template:
    if asked.template is not None:
        return read_template(asked.template)
    return load_template(settings)


def _document(asked: Preview, settings: Settings, papers: Papers) -> ReceiptDocument:
    if asked.sale is None:
        return _sample(asked.sample)(papers, settings.store)
    wanted = asked.sale

    def read(conn: Connection) -> SaleCompleted | None:
        return sales.completed(conn, SaleId(wanted)) or sales.by_receipt(conn, ReceiptNo(wanted))

    try:
        body = read_journal(settings, read)
    finally:
        _oneself()
    if body is None:
        raise NotFoundFault(
            f"no completed sale {wanted} is held here",
            remedy="give a sale's id or its receipt number; older ones are at HQ",
            name="no-such-sale",
        )
    return papers.sale(body, copy=True, digest=UNSEALED)


def _oneself() -> None:
    """Root became the journal's owner to read it; what it writes, it writes as itself again."""
    if os.geteuid() != os.getuid():
        os.seteuid(os.getuid())
        os.setegid(os.getgid())


def _sample(name: str) -> Callable[[Papers, StoreSettings], ReceiptDocument]:
    if name not in SAMPLES:
        raise InputFault(
            f"there is no sample {name!r}",
            remedy=f"use one of {', '.join(SAMPLES)}",
            name="unknown-sample",
        )
    return SAMPLES[name]


def _written(document: ReceiptDocument, asked: Preview) -> bytes:
    name = asked.model or BYTES.get(asked.format, ("", ""))[1]
    model = _model(name, asked.format) if name else None
    columns = asked.columns or (model.dialect.columns if model else COLUMNS)
    match asked.format:
        case "text":
            return plain_text(document, columns).encode("utf-8")
        case "html":
            return html(document, columns).encode("utf-8")
        case "png":
            return png(document, columns)
        case "escpos" | "star" if model is not None:
            return _bytes(document, model, columns)
        case _:
            raise InputFault(
                f"a receipt cannot be written as {asked.format!r}",
                remedy=f"use one of {', '.join(FORMATS)}",
                name="unknown-format",
            )


def _bytes(document: ReceiptDocument, model: PrinterModel, columns: int) -> bytes:
    driver = LANGUAGES[model.language][0]
    nowhere = transport_of(TcpAddress("127.0.0.1", 9100))  # never opened
    return driver(nowhere, model).encode(lay_out(document, columns), draw)


def _model(wanted: str, form: str) -> PrinterModel:
    if wanted not in MODELS:
        near = get_close_matches(wanted, MODELS, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise InputFault(
            f"there is no printer model {wanted!r}",
            remedy=f"{meant}see: till-agent devices --models",
            name="unknown-model",
        )
    model = MODELS[wanted]
    if form in BYTES and model.language != BYTES[form][0]:
        raise InputFault(
            f"{wanted} speaks {model.language}",
            remedy=f"use --format {_form_of(model)}, or another --model",
            name="wrong-language",
        )
    return model


def _form_of(model: PrinterModel) -> str:
    return next(form for form, (language, _) in BYTES.items() if language == model.language)


def _write(content: bytes, asked: Preview) -> None:
    if asked.out is not None:
        try:
            asked.out.write_bytes(content)
        except OSError as error:
            raise InputFault(
                f"{asked.out} cannot be written: {error.strerror}",
                remedy="name a file in a folder that is there and yours with --out",
                name="not-written",
            ) from error
        say_aside(f"written to {asked.out}")
        return
    if asked.format in ("png", *BYTES) and sys.stdout.isatty():
        raise InputFault(
            f"{asked.format} is nothing for a terminal",
            remedy="name a file with --out FILE",
            name="no-terminal-for-bytes",
        )
    sys.stdout.buffer.write(content)
    sys.stdout.flush()
