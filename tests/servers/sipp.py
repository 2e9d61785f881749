"""A real echo extension on loopback: sipp answers calls and sends their sound back."""

import csv
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.servers.group import freeze
from tests.servers.kamailio import free_port

INSTALL = "apt-get install sip-tester"

# `answered` answers at once (sipp gives up a call that is cancelled between its 180 and its 200);
# `ringing` rings only, and takes a CANCEL.
_TO = "[last_To:];tag=[pid]echo[call_number]"
_RECORD = f"[last_Via:]\n[last_From:]\n{_TO}\n[last_Call-ID:]\n[last_CSeq:]\n[last_Record-Route:]"
_CONTACT = "Contact: <sip:echo@[local_ip]:[local_port];transport=[transport]>"
_RING = f"""
  <send><![CDATA[
SIP/2.0 180 Ringing
{_RECORD}
{_CONTACT}
Content-Length: 0

]]></send>"""
_AGREE = """
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"""
_ANSWERED = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="echo">
  <recv request="INVITE" crlf="true"/>
  <send retrans="500"><![CDATA[
SIP/2.0 200 OK
{_RECORD}
{_CONTACT}
Content-Type: application/sdp
Content-Length: [len]

v=0
o=echo 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
  <recv request="ACK" crlf="true"/>
  <recv request="BYE"/>{_AGREE}
  <timewait milliseconds="200"/>
</scenario>
"""
_RINGING = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="ringing">
  <recv request="INVITE"><action>
    <ereg regexp=".*" search_in="hdr" header="Via:" occurrence="1" assign_to="1"/>
    <ereg regexp=".*" search_in="hdr" header="Via:" occurrence="2" assign_to="2"/>
  </action></recv>{_RING}
  <recv request="CANCEL"/>{_AGREE}
  <send retrans="500"><![CDATA[
SIP/2.0 487 Request Terminated
Via: [$1]
Via: [$2]
[last_From:]
[last_To:];tag=[pid]echo[call_number]
[last_Call-ID:]
CSeq: [last_cseq_number] INVITE
Content-Length: 0

]]></send>
  <recv request="ACK" crlf="true"/>
</scenario>
"""
_SCENARIOS = {"answered": _ANSWERED, "ringing": _RINGING}


class Sipp:
    """A running extension; `stop` ends it. `open_calls` tells the calls nobody hung up."""

    def __init__(self, host: str, folder: "tempfile.TemporaryDirectory[str]") -> None:
        self.host = host
        self.port, self.media_port, self._control = free_port(host), free_port(host), free_port()
        self._folder = folder
        self._state = Path(folder.name)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, host: str = "127.0.0.1", *, scenario: str = "answered", echo: bool = True, tries: int = 3) -> "Sipp":
        """Start one; without `echo` it answers and stays silent: one-way audio.

        The ports of its media are known to be free only until it binds them, hence the tries.
        """
        if shutil.which("sipp") is None:
            raise RuntimeError(f"sipp is missing: {INSTALL}")
        server = cls(host, tempfile.TemporaryDirectory(prefix="sipp-", dir="/tmp"))
        (server._state / "uas.xml").write_text(_SCENARIOS[scenario])
        argv = [
            "sipp",
            "-sf",
            "uas.xml",
            "-i",
            host,
            "-p",
            str(server.port),
            "-mi",
            host,
            "-mp",
            str(server.media_port),
        ]
        argv += ["-ci", "127.0.0.1", "-cp", str(server._control), "-nostdin", *(["-rtp_echo"] if echo else [])]
        argv += ["-trace_stat", "-stf", "stat.csv", "-fd", "100ms", "-trace_err", "-error_file", "errors"]
        with (server._state / "log").open("wb") as log:
            server._process = subprocess.Popen(
                argv, cwd=server._state, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + 10
        while time.monotonic() < end and server._process.poll() is None:
            if _listens(server.port):
                return server
            time.sleep(0.01)
        log_text = (server._state / "log").read_text()
        server.stop()
        if "Unable to bind" in log_text and tries > 1:
            return cls.start(host, scenario=scenario, echo=echo, tries=tries - 1)
        raise RuntimeError(f"sipp did not start: {log_text}")

    @property
    def address(self) -> str:
        """Host and port, as a URI writes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def group(self) -> int:
        """The process group."""
        assert self._process is not None
        return self._process.pid

    def counts(self) -> dict[str, int]:
        """Return calls by what became of them: created, open, successful, failed."""
        try:
            rows = list(csv.DictReader((self._state / "stat.csv").read_text().splitlines(), delimiter=";"))
        except FileNotFoundError:
            rows = []
        last = rows[-1] if rows else {}
        names = {"created": "TotalCallCreated", "open": "CurrentCall", "successful": "SuccessfulCall(C)"}
        names["failed"] = "FailedCall(C)"
        return {name: int(last.get(column) or 0) for name, column in names.items()}

    def wait_for(self, calls: int, seconds: float = 6.0) -> dict[str, int]:
        """Wait until `calls` calls were made and none is open, and return the counts."""
        end = time.monotonic() + seconds
        while True:
            found = self.counts()
            if (found["created"] >= calls and not found["open"]) or time.monotonic() > end:
                return found
            time.sleep(0.05)

    def freeze(self) -> None:
        """Stop it, as a hung machine would."""
        freeze(self.group)

    def thaw(self) -> None:
        """Let it go on."""
        os.killpg(self.group, signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self.group, signal.SIGCONT)
            os.killpg(self.group, signal.SIGKILL)
            self._process.wait(5)
        self._folder.cleanup()


def _listens(port: int) -> bool:
    needle = f":{port:04X} "
    return any(needle in Path(f"/proc/net/{table}").read_text() for table in ("udp", "udp6"))
