"""What both programs are as programs: terminal, log, listening socket, service manager.

The one room besides the core that HQ shares, and only its daemon: nothing of a shop is in here.
"""

from __future__ import annotations
