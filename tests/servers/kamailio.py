"""A real SIP server on loopback: kamailio as registrar and proxy, with digest accounts and faults to switch on.

Number `echo` (and whatever `route` names) goes to another server, every other number to whoever registered as it.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.servers.group import freeze

INSTALL = "apt-get install kamailio"
DOMAIN = "example.test"

_CONFIG = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=1
socket_workers=1
tcp_children=1
listen=udp:{host}:{port}
listen=tcp:{host}:{port}
auto_aliases=no
alias="{domain}"
dns=no
rev_dns=no
mpath="{modules}"
{loads}
modparam("ctl", "binrpc", "unix:{state}/run/ctl")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_contacts", 8)
modparam("registrar", "min_expires", 5)
modparam("htable", "htable", "users=>size=4;")
modparam("htable", "htable", "flags=>size=4;")
event_route[htable:mod-init] {{
  $sht(flags=>mode) = "ok";
  $sht(flags=>echo) = "127.0.0.1:9";
}}
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483","Too Many Hops"); exit; }}
  if ($sht(flags=>mode) == "drop") {{ drop; }}
  if ($sht(flags=>mode) == "503") {{ append_to_reply("Retry-After: 30\\r\\n"); sl_send_reply("503","Service Unavailable"); exit; }}
  if (is_method("OPTIONS") && uri==myself && $rU==$null) {{ sl_send_reply("200","OK"); exit; }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  if (has_totag()) {{ if (loose_route() || is_method("ACK")) {{ t_relay(); exit; }} sl_send_reply("404","Not here"); exit; }}
  t_check_trans();
  if (is_method("REGISTER")) {{
    if ($au == $null || !pv_www_authenticate("{domain}", "$sht(users=>$au)", "0")) {{ www_challenge("{domain}","1"); exit; }}
    if ($au != $tU) {{ sl_send_reply("403","Wrong user"); exit; }}
    consume_credentials();
    if (!save("location")) sl_reply_error(); exit;
  }}
  if (is_method("INVITE") && $fd=="{domain}") {{
    if ($au == $null || !pv_proxy_authenticate("{domain}", "$sht(users=>$au)", "0")) {{ proxy_challenge("{domain}","1"); exit; }}
    consume_credentials();
  }}
  if (is_method("INVITE|SUBSCRIBE")) record_route();
  if ($rU == "echo") {{ $du = "sip:" + $sht(flags=>echo); t_relay(); exit; }}
  if (!lookup("location")) {{ sl_send_reply("404","Not registered"); exit; }}
  if (!t_relay()) sl_reply_error();
}}
"""  # noqa: E501 - one line a rule reads best
_MODULES = (
    *("kex", "corex", "tm", "sl", "rr", "pv", "maxfwd", "textops"),
    *("siputils", "usrloc", "registrar", "auth", "htable", "ctl"),
)


class Kamailio:
    """A running server; `stop` ends it and frees its directory."""

    def __init__(self, host: str, port: int, folder: "tempfile.TemporaryDirectory[str]") -> None:
        self.host, self.port = host, port
        self._folder = folder
        self._state = Path(folder.name)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, host: str = "127.0.0.1", port: int = 0) -> "Kamailio":
        """Start one on a free port, UDP and TCP; returns when it answers."""
        if shutil.which("kamailio") is None:
            raise RuntimeError(f"kamailio is missing: {INSTALL}")
        # A short path: the control socket's must fit into 108 bytes.
        server = cls(host, port or free_port(host), tempfile.TemporaryDirectory(prefix="kam-", dir="/tmp"))
        (server._state / "run").mkdir()
        modules = next(Path("/usr/lib").glob("*/kamailio/modules"))
        loads = "\n".join(f'loadmodule "{name}.so"' for name in _MODULES)
        text = _CONFIG.format(
            host=f"[{host}]" if ":" in host else host,
            port=server.port,
            domain=DOMAIN,
            modules=f"{modules}/",
            loads=loads,
            state=server._state,
        )
        (server._state / "kamailio.cfg").write_text(text)
        server._launch()
        return server

    def _launch(self) -> None:
        run = self._state / "run"
        argv: list[str | Path] = [
            "kamailio",
            "-DD",
            "-E",
            "-f",
            self._state / "kamailio.cfg",
            "-P",
            run / "pid",
            "-Y",
            run,
            "-m",
            "16",
            "-M",
            "4",
        ]
        with (self._state / "log").open("wb") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + 15
        while time.monotonic() < end and self._process.poll() is None:
            if self._kamcmd("core.uptime", check=False).returncode == 0:
                return
            time.sleep(0.01)
        log_text = (self._state / "log").read_text()
        self.stop()
        raise RuntimeError(f"kamailio did not start: {log_text}")

    @property
    def address(self) -> str:
        """Host and port, as a URI writes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def group(self) -> int:
        """The process group."""
        assert self._process is not None
        return self._process.pid

    def add_user(self, name: str, password: str) -> None:
        """Add an account of the domain."""
        self._kamcmd("htable.sets", "users", name, f"s:{password}")

    def set_mode(self, mode: str) -> None:
        """Answer as usual (`ok`), with 503 and Retry-After (`503`), or not at all (`drop`)."""
        self._kamcmd("htable.sets", "flags", "mode", f"s:{mode}")

    def route_echo(self, address: str) -> None:
        """Send calls to number `echo` to `address`."""
        self._kamcmd("htable.sets", "flags", "echo", f"s:{address}")

    def contacts(self) -> list[str]:
        """Return the contacts registered now."""
        dump = self._kamcmd("ul.dump").stdout.decode()
        return [line.partition(":")[2].strip() for line in dump.splitlines() if line.strip().startswith("Address:")]

    def freeze(self) -> None:
        """Stop every process of it, as a hung machine would."""
        freeze(self.group)

    def thaw(self) -> None:
        """Let it go on."""
        os.killpg(self.group, signal.SIGCONT)

    def restart(self) -> None:
        """Start it anew on the same port; accounts must be added again."""
        self._end()
        self._launch()

    def stop(self) -> None:
        """End it."""
        self._end()
        self._folder.cleanup()

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self.group, signal.SIGCONT)
            os.killpg(self.group, signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.group, signal.SIGKILL)
                self._process.wait(5)

    def _kamcmd(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
        argv = ["kamcmd", "-s", f"unix:{self._state}/run/ctl", *words]
        return subprocess.run(argv, capture_output=True, check=check, timeout=10)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free for UDP and TCP on `host`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_DGRAM) as one, socket.socket(family, socket.SOCK_STREAM) as two:
            one.bind((host, 0))
            try:
                two.bind((host, one.getsockname()[1]))
            except OSError:
                continue
            return int(one.getsockname()[1])
