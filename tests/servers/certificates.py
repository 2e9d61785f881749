"""Certificate files for the servers of the tests, made anew each time: one PEM holds key and chain."""

import datetime
from pathlib import Path
from typing import Any

import trustme

DAY = datetime.timedelta(days=1)


class Certificates:
    """An authority and what it signed; `ca` is the file to trust. Every certificate is of localhost."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._root = trustme.CA()
        self.ca = directory / "ca.pem"
        self._root.cert_pem.write_to_path(str(self.ca))
        self.good = self._issue("good", self._root)
        self.untrusted = self._issue("untrusted", trustme.CA())
        now = datetime.datetime.now(datetime.UTC)
        self.expired = self._issue("expired", self._root, not_before=now - 90 * DAY, not_after=now - 3 * DAY)

    def _issue(self, name: str, authority: trustme.CA, *names: str, **validity: Any) -> Path:
        leaf = authority.issue_cert(*(names or ("localhost", "127.0.0.1")), **validity)
        path = self._directory / f"{name}.pem"
        path.write_bytes(b"".join([leaf.private_key_pem.bytes(), *(each.bytes() for each in leaf.cert_chain_pems)]))
        return path
