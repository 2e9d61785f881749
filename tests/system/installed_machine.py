"""A machine as the shipped files lay it out: users, directories and daemon made by them, and a real SSH server."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from outagetui.config.system import install
from tests.kit.installation import Installation
from tests.servers.sshd import Sshd
from tests.system.program_for_everybody import program_for_everybody
from tests.system.unix_users import UnixUser, UnixUsers

INSTALL = "{} is missing: apt-get install systemd"
OPERATORS = """
[secrets]
directory = "{secrets}"
[[operator]]
user = "{operator}"
role = "approver"
[[operator]]
user = "{viewer}"
role = "viewer"
"""
PING = """
[[check]]
id = "ping"
probe = "icmp"
target = "icmp://127.0.0.1"
count = 1
every = "1s"
"""


class InstalledMachine(Installation):
    """The installation of a service: the daemon and everybody else are users of their own, made for the moment."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.users = UnixUsers()
        (root / "program").mkdir()
        self.program = program_for_everybody(root / "program")
        self.system = root / "system"
        self.system.mkdir()
        install(self.system, str(self.program))
        for file in self.system.rglob("*"):
            if file.is_file():
                file.write_text(self._moved(file.read_text()))

    def _moved(self, text: str) -> str:
        """Return a shipped file's text with this machine's names and places for those of a whole machine."""
        places = {
            "/var/lib/outagetui": self.state,
            "/etc/outagetui": self.config,
            "/etc/ssh/": f"{self.system}/etc/ssh/",
        }
        for place, ours in places.items():
            text = re.sub(rf"{place}(?![\w-])" if not place.endswith("/") else place, str(ours), text)
        return re.sub(r"(?<=[ (])outagetui(-wall)?(?=[ \n,])", rf"{self.users.prefix}\1", text)

    def install(self) -> None:
        """Make users and directories with systemd's own tools and the shipped files."""
        for tool, *words in (
            ("systemd-sysusers", f"{self.system}/etc/sysusers.d/outagetui.conf"),
            ("systemd-tmpfiles", "--create", f"{self.system}/etc/tmpfiles.d/outagetui.conf"),
        ):
            assert shutil.which(tool), INSTALL.format(tool)
            done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        prefix = self.users.prefix
        self.service_user, self.wall = self.users.adopt(prefix), self.users.adopt(f"{prefix}-wall")
        # Without PAM sshd takes an account for locked whose password begins with "!", as systemd-sysusers makes it.
        subprocess.run(["usermod", "-p", "*", self.wall.name], check=True, capture_output=True)
        home = self.root / "home"
        home.mkdir()
        both = (self.service_user.name, self.wall.name)
        self.operator, self.viewer = self.users.make("op", home, both), self.users.make("look", home, both)
        self.stranger = self.users.make("who", home)
        os.chown(self.page, self.service_user.uid, self.service_user.gid)
        operators = OPERATORS.format(
            secrets=self.config / "secrets", operator=self.operator.name, viewer=self.viewer.name
        )
        self.configure(operators=operators)
        with (self.config / "checks" / "phone.toml").open("a") as file:
            file.write(PING)

    def argv(self, *words: str) -> list[str]:
        """Run the program; the daemon as the unit does: its user, no privilege but the one capability."""
        command = [str(self.program), "--config", str(self.config), *words]
        if words != ("daemon",):
            return command
        user = ("--reuid", self.service_user.name, "--regid", self.service_user.name, "--init-groups", "--no-new-privs")
        powers = ("--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw")
        return ["setpriv", *user, *powers, *command]

    @contextlib.contextmanager
    def ssh(self, name: str, *, shipped: bool = True) -> Iterator[Sshd]:
        """Run an SSH server, with the shipped settings for the wall's user or without."""
        more = f"Include {self.system}/etc/ssh/sshd_config.d/*.conf" if shipped else ""
        server = Sshd(self.root / name, more)
        try:
            yield server.start()
        finally:
            server.stop()

    def enter(self, server: Sshd, user: UnixUser, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the program over SSH."""
        argv = server.argv(user.name, str(self.program), "--config", str(self.config), *words)
        return subprocess.run(argv, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False)


@contextlib.contextmanager
def installed_machine() -> Iterator[InstalledMachine]:
    """A machine with all its users; the daemon is not started."""
    with tempfile.TemporaryDirectory(prefix="machine-") as name:
        root = Path(name)
        root.chmod(0o755)
        made = InstalledMachine(root)
        try:
            made.install()
            yield made
        finally:
            made.end()
            made.users.remove()
