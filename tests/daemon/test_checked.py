"""Settings against the drivers there are: what one mistake of a device hides is told as well."""

from __future__ import annotations

import pytest

from agent.daemon.checked import load_checked
from agent.settings import SettingsFault

SETTINGS = """
[store]
id = "store-0001"
[[till]]
id = "till-1"
[[device]]
id = "receipt"
kind = "printer"
address = "hidraw:/dev/hidraw0"
model = "epson-tm-t99"
[[device]]
id = "counter"
kind = "scanner"
address = "tcp:scanner"
"""


def test_a_wrong_address_hides_no_wrong_model(tmp_path):
    """IT would mend the address, reload, and only then be told of the model."""
    file = tmp_path / "agent.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    with pytest.raises(SettingsFault) as caught:
        load_checked(file)
    found = [problem.path for problem in caught.value.problems]
    assert ["device[0].address", "device[0].model", "device[1].address"] == found
