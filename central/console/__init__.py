"""HQ's pages: stores and their lag, search a customer, one timeline.

Made here on the server from templates and one style sheet, without a build step and without
anything from elsewhere. A page shows what the staff API says, and asks for the same token, which
the login puts into a cookie no script can read.
"""

from __future__ import annotations
