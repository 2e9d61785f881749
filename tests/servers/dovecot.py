"""Dovecot on loopback: IMAP with STARTTLS, IMAP over TLS, and LMTP to put messages into its mailboxes."""

import getpass
import grp
import os
import pwd
import shutil
import tempfile
from pathlib import Path

from tests.servers.group import Group, free_port, greets

INSTALL = "dovecot is missing: apt-get install dovecot-imapd dovecot-lmtpd"


class Dovecot:
    """A running server with its users' mailboxes. `port` is plain with STARTTLS, `tls_port` speaks TLS at once."""

    def __init__(
        self, directory: Path, *, certificate: Path, users: dict[str, str], mechanisms: str = "plain login"
    ) -> None:
        self.directory = directory
        self.port, self.tls_port, self.lmtp_port = free_port(), free_port(), free_port()
        self.users = users
        self.mechanisms = mechanisms
        self._certificate = certificate
        self._spool = Path()
        directory.mkdir(parents=True, exist_ok=True)
        self.group = Group(directory / "dovecot.out")

    def start(self) -> "Dovecot":
        """Start the server and wait until it greets; it may be started again after `stop`, mailboxes as they were."""
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, INSTALL
        assert Path("/usr/lib/dovecot/lmtp").exists(), INSTALL
        if self._spool == Path():
            # Dovecot opens mailboxes as another user than root, who must be able to reach them.
            self._spool = Path(tempfile.mkdtemp(prefix="dovecot-"))
            self._spool.chmod(0o755)
        self._write()
        self.group.start([program, "-F", "-c", str(self._spool / "dovecot.conf")], self._ready)
        return self

    def _ready(self) -> bool:
        return greets(self.port, b"* OK") and greets(self.lmtp_port, b"220")

    def show(self, certificate: Path) -> None:
        """Show another certificate from the next start on."""
        self._certificate = certificate

    def stop(self) -> None:
        """End the server."""
        self.group.stop()

    def remove(self) -> None:
        """End the server and remove its mailboxes."""
        self.stop()
        shutil.rmtree(self._spool, ignore_errors=True)
        self._spool = Path()

    def _write(self) -> None:
        base = self._spool
        user = "nobody" if os.getuid() == 0 else getpass.getuser()
        group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
        (base / "cert.pem").write_bytes(self._certificate.read_bytes())
        (base / "users").write_text("".join(f"{name}:{{PLAIN}}{word}::::::\n" for name, word in self.users.items()))
        (base / "mail").mkdir(exist_ok=True)
        shutil.chown(base / "mail", user, group)
        (base / "dovecot.conf").write_text(f"""
base_dir = {base}/run
state_dir = {base}/state
log_path = {self.directory}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{base}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
mail_fsync = never
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/cert.pem
disable_plaintext_auth = no
auth_mechanisms = {self.mechanisms}
auth_failure_delay = 0
auth_username_chars =
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  chroot =
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp_port}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@example.test
}}
""")
