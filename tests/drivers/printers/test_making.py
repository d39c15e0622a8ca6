from __future__ import annotations

import pytest

from agent.core.faults import InputFault
from agent.settings.model import DeviceSettings
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.making import printer
from drivers.printers.star import StarPrinter


def made(address="tcp:10.0.0.7:9100", model=None, **settings):
    return printer(DeviceSettings("p", "printer", address, model, **settings))


def test_the_language_is_the_models():
    """A Star would be spoken to in ESC/POS."""
    assert isinstance(made(), EscPosPrinter)
    assert isinstance(made(model="star-mpop"), StarPrinter)


@pytest.mark.parametrize(
    ("address", "watch", "hold"),
    [
        ("tcp:10.0.0.7:9100", "auto", False),
        ("serial:/dev/ttyS0", "auto", True),
        ("usblp:/dev/usb/lp0", "auto", True),
        ("tcp:10.0.0.7:9100", "hold", True),
        ("serial:/dev/ttyS0", "poll", False),
    ],
)
def test_who_is_held(address, watch, hold):
    """A printer that others use too would be blocked, or a wire's changes be heard late."""
    assert hold == made(address, watch=watch)._hold


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"watch": "often"}, "unknown way"),
        ({"drawer_pin": 3}, "pin 3"),
        ({"drawer_on_ms": 511}, "drawer_on_ms = 511"),
        ({"drawer_off_ms": 0}, "drawer_off_ms = 0"),
        ({"model": "star-mpop", "drawer_on_ms": 5}, "drawer_on_ms = 5"),
    ],
)
def test_mistakes_are_told(settings, says):
    """A drawer would stay shut, and nobody know that its settings are impossible."""
    with pytest.raises(InputFault, match=says) as caught:
        made(**settings)
    assert caught.value.remedy.startswith("use ")
