"""PouchDB → express-pouchdb: documents replicated in a second, as shipped.

LevelDB underneath is not synced by default, so these documents do not survive a power cut: the
comparison is in its favour.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path

PACKAGES = ("pouchdb@9.0.0", "pouchdb-server@4.2.0", "express@4.21.2")
INSTALL_S = 600
RUN_S = 300
_CACHE = Path(".bench-npm")


class Missing(Exception):
    """A program the comparison needs is not on this machine; the message names it."""


def rate(folder: Path, documents: int) -> float:
    """Replicate so many documents; documents per second.

    Raises:
        Missing: there is no npm, or it cannot fetch the packages.
    """
    script = _installed() / "replicate.js"
    run = ["node", str(script), "run", str(folder), str(documents)]
    done = subprocess.run(run, check=True, capture_output=True, timeout=RUN_S)
    said = json.loads(done.stdout)
    if said["written"] != documents:
        raise RuntimeError(said)
    return float(said["rate"])


def _installed() -> Path:
    """Fetch the packages once, without running their install scripts (the prebuilds suffice)."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("npm and node")
    folder = _CACHE.resolve()
    if not (folder / "node_modules" / "pouchdb").is_dir():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text("{}")
        install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
        try:
            subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=INSTALL_S)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise Missing(f"the npm packages {', '.join(PACKAGES)}") from error
    shutil.copy(str(resources.files("benchmarks.beside") / "replicate.js"), folder)
    return folder
