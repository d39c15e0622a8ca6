"""Everything that was sold, for other systems: in HQ's order, by cursor, never edited.

Rows come in the order in which HQ applied what it received. What arrives late, is carried over
or corrected (a return, a void) is a row of its own after the cursor, so that an export goes on
where the last one ended and what was handed out once stays true. `columns` is the one table of
what is exported, and the data dictionary is written from it.
"""

from __future__ import annotations
