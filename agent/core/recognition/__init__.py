"""A reading or typed text to what it names: item, customer, order, receipt, coupon or unknown.

One file per means and one table; the same resolver runs at the till and at HQ, and says why.
"""

from __future__ import annotations
