"""TLS for what is served on this machine: a certificate for localhost, signed by an authority made here."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

HOSTS = ("localhost", "127.0.0.1", "::1")
"""What the certificate is for."""


@dataclass(frozen=True)
class Certificate:
    """Files that belong together, all of them PEM."""

    authority: Path  # what a client must believe
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what a client needs that believes this authority and no other."""
        return ssl.create_default_context(cafile=str(self.authority))


def kept(folder: Path) -> Certificate:
    """Return the certificate that is kept in a folder, made the first time: whoever trusts its authority does so once.

    The authority's own key is kept nowhere, so that nobody can sign for other hosts what was trusted for this one.
    """
    found = Certificate(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    if not found.key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="Tandem, on this machine alone")
        made = authority.issue_cert(*HOSTS)
        authority.cert_pem.write_to_path(found.authority)
        found.chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        with os.fdopen(os.open(found.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as key:
            key.write(made.private_key_pem.bytes())
    return found
