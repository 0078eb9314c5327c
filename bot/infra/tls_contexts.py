"""TLS contexts from keys in memory. Workers import this module too, so it needs no cryptography."""

from __future__ import annotations

import os
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from distributed import Security

if TYPE_CHECKING:
    from collections.abc import Generator


class InMemorySecurity(Security):
    """Credentials as PEM texts, which no process of the cluster writes to a disk.

    distributed itself hands such texts to OpenSSL in temporary files, and a process that is killed meanwhile leaves its key
    there.
    """

    def _get_tls_context(self, tls: dict[str, str], purpose: ssl.Purpose) -> ssl.SSLContext:
        """The context of both sides of a connection: each shows a certificate of our authority, whatever its address."""
        context = ssl.create_default_context(purpose, cadata=tls["ca_file"])
        context.minimum_version = self.tls_min_version
        with _piped(tls["cert"]) as certificate, _piped(tls["key"]) as key:
            context.load_cert_chain(certificate, key)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        return context


@contextmanager
def _piped(text: str) -> Generator[str]:
    """A path at which a text, shorter than the buffer of a pipe, can be read once."""
    reader, writer = os.pipe()
    try:
        try:
            os.write(writer, text.encode())
        finally:
            os.close(writer)
        yield f"/dev/fd/{reader}"
    finally:
        os.close(reader)
