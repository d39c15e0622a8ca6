"""Customers' line displays: lines of text in, the newest only, two command sets.

`line_display` is the driver, `codecs` are the command sets, `models` is the table of what can be
named. The customer display in the browser is a page of the agent, `agent/api/page/display.html`.
"""

from __future__ import annotations
