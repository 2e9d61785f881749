"""OpenSSH's server on loopback, with keys made for the moment, and command lines of its client."""

import shutil
import subprocess
from pathlib import Path

from tests.servers.group import Group, free_port, greets

INSTALL = "sshd is missing: apt-get install openssh-server"
PLACE = Path("/run/sshd")  # where the server locks itself in; the package's own start makes it
SETTINGS = """\
ListenAddress 127.0.0.1:{port}
HostKey {root}/host
PidFile none
AuthorizedKeysFile {root}/keys/%u
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
{more}
"""


class Sshd:
    """A server whose users are the machine's. `more` ends its configuration; `admit` makes a user's key."""

    def __init__(self, root: Path, more: str = "") -> None:
        server = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        assert server, INSTALL
        self._server, self.root, self.port = server, root, free_port()
        self.keys = root / "keys"
        self.keys.mkdir(parents=True)
        self._group = Group(root / "log")
        _make_key(root / "host")
        (root / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {_public(root / 'host')}\n")
        (root / "sshd_config").write_text(SETTINGS.format(root=root, port=self.port, more=more))

    def start(self) -> "Sshd":
        """Start, and wait until it greets."""
        if not PLACE.is_dir():
            PLACE.mkdir(mode=0o755)
        argv = [self._server, "-D", "-e", "-f", str(self.root / "sshd_config")]
        self._group.start(argv, lambda: greets(self.port, b"SSH-"))
        return self

    def stop(self) -> None:
        """End the server and its sessions' monitors."""
        self._group.stop()

    def admit(self, user: str, words: str = "") -> str:
        """Make a key for `user`; return the line that authorizes it, with `words` before the key."""
        key = self.root / f"key-{user}"
        if not key.exists():
            _make_key(key)
        line = f"{words} {_public(key)}\n".lstrip()
        (self.keys / user).write_text(line)
        (self.keys / user).chmod(0o644)
        return line

    def argv(self, user: str, *command: str, options: tuple[str, ...] = ()) -> list[str]:
        """Return the client's command line; nothing of the caller's own configuration, agent or keys is used."""
        settings = {
            "UserKnownHostsFile": self.root / "known_hosts",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "BatchMode": "yes",
            "LogLevel": "ERROR",
        }
        chosen = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        address = ("-i", str(self.root / f"key-{user}"), "-p", str(self.port), *options, f"{user}@127.0.0.1")
        return ["ssh", "-F", "none", *chosen, *address, *command]


def _make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)


def _public(key: Path) -> str:
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])
