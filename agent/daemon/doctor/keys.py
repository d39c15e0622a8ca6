"""The key that customers' cards open with: whether a stolen state directory holds it, too."""

from __future__ import annotations

from agent.daemon.doctor.finding import Finding, ill, well
from agent.daemon.machine_key import CREDENTIAL, places
from agent.settings import Settings

_NAME = "customers' key"
_OTHERS = 0o077
_SEAL = (
    "on a machine with a TPM it need not lie on the disk: systemd-creds encrypt --with-key=tpm2 "
    f"--name={CREDENTIAL} FILE /etc/credstore.encrypted/{CREDENTIAL}, and in the unit "
    f"LoadCredentialEncrypted={CREDENTIAL}"
)


def machine_key(settings: Settings) -> Finding:
    """Say where the machine's key is, and what whoever steals the machine has by it."""
    outside, inside = places(settings)
    try:
        if inside.exists():
            return _inside(str(inside), str(outside.parent))
        if not outside.exists():
            return well(_NAME, "none on the disk: the first start makes it, or systemd hands it in")
        if outside.stat().st_mode & _OTHERS:
            return ill(_NAME, f"others may read {outside}", f"chmod 400 {outside}")
    except OSError as error:
        return ill(_NAME, f"{outside}: {error.strerror}", "run as root: till-agent doctor")
    return well(
        _NAME,
        f"{outside}, outside the state directory: a copy or backup of that opens no card, but "
        "whoever takes the whole machine has the key, too",
        _SEAL,
    )


def _inside(path: str, wanted: str) -> Finding:
    return ill(
        _NAME,
        f"{path} lies in the state directory: whoever copies that can try customers' numbers",
        f"install -d -m 0700 {wanted} for the agent's user, mv {path} {wanted}/, restart the agent",
    )
