"""Receipt printers: one conversation in two languages, models as data, pictures of receipts.

`receipt_printer` lays a document out, `codecs.escpos` or `codecs.star` writes it, `conversation`
asks, sends and waits for the fence; what the bytes of a language mean is `codecs.escpos_language`
and `codecs.star_status`. A new model is a row in `models`, a new language a row in `making`.
"""

from __future__ import annotations
