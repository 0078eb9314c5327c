"""Mutual TLS between scheduler, workers and this process. Only the start of the workers imports this module."""

from __future__ import annotations

import datetime
import ssl
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from distributed import Security

from bot.clock import utc_now
from bot.infra.tls_contexts import InMemorySecurity

if TYPE_CHECKING:
    from bot.settings import Settings

ROLES = ("client", "scheduler", "worker")
BEGINNING = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
CENTURY = datetime.timedelta(days=36500)


def own_security() -> InMemorySecurity:
    """Credentials of a cluster of our own: a new key, and a certificate that is its own authority.

    distributed's `Security.temporary` does the same with RSA, which takes a thousand times as long, and for a year from now:
    a bot that runs longer, or a clock that jumps back, would lose its workers.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nugu")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINNING)
        .not_valid_after(utc_now() + CENTURY)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM).decode()
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
    return InMemorySecurity(
        require_encryption=True,
        tls_min_version=ssl.TLSVersion.TLSv1_3,
        tls_ca_file=public,
        **{f"tls_{role}_cert": public for role in ROLES},
        **{f"tls_{role}_key": private for role in ROLES},
    )


def foreign_security(settings: Settings) -> Security | None:
    """Credentials for the scheduler of `settings`; None without TLS, which `Settings` allows on a private network alone."""
    if not settings.scheduler.startswith("tls://"):
        return None
    return Security(
        require_encryption=True,
        tls_ca_file=str(settings.scheduler_ca),
        tls_client_cert=str(settings.scheduler_certificate),
        tls_client_key=str(settings.scheduler_key),
    )
