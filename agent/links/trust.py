"""Whom to trust on the way to HQ: the chain and the name always, dates by HQ's time alone.

OpenSSL judges a certificate by this machine's clock, and a wrong clock would cut a till off. So its
own check of dates is switched off (X509_V_FLAG_NO_CHECK_TIME), and the certificate is judged here,
within the handshake, before anything is sent: it has expired only where it is certainly later than
its last day, by the program's release or by what HQ itself last said.
"""

from __future__ import annotations

import ssl

from cryptography import x509

from agent.core.faults import InputFault
from agent.links.known_time import KnownTime

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; Python has no name for it."""
EXPIRED = "certificate has expired, by HQ's own time"
"""What the handshake fails with; `replies.unreachable` gives it its name."""


def trust(ca_file: str | None, known_time: KnownTime | None = None) -> ssl.SSLContext:
    """Trust the system's certificate authorities; where `ca_file` is given, it alone.

    Raises:
        InputFault: the file cannot be read or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise InputFault(
            f"the certificates of [hq] ca_file = {ca_file!r} cannot be used: {error}",
            remedy="give a readable PEM file with the authority that signed HQ's certificate",
            name="hq-ca-file",
        ) from error
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    context.sslobject_class = _judging(known_time or KnownTime())
    return context


def _judging(known_time: KnownTime) -> type[ssl.SSLObject]:
    class Judging(ssl.SSLObject):
        """A TLS connection whose peer's dates are judged as soon as its certificate is there."""

        def do_handshake(self) -> None:
            """Shake hands, then look at the certificate.

            Raises:
                SSLCertVerificationError: the chain or the name is wrong, or it has expired.
            """
            super().do_handshake()
            certificate = self.getpeercert(binary_form=True)
            if certificate is not None and is_expired(certificate, known_time):
                raise ssl.SSLCertVerificationError(EXPIRED)

    return Judging


def is_expired(certificate: bytes, known_time: KnownTime) -> bool:
    """Tell whether the last day of a certificate (DER) has certainly passed."""
    last = x509.load_der_x509_certificate(certificate).not_valid_after_utc
    return known_time.at_least() > last
