"""A call to baresip's echo inside a network namespace of its own; prints one sample as JSON. Run it under `unshare`.

Baresip wants an address that is not loopback: a TUN device has one, and nothing leaves by it. The arguments are a
directory for baresip's files, then what its account says more, then further lines of its configuration.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.network_namespace import open_world, raise_interface
from tests.kit.scripted_servers import look_at

HOST = "198.18.0.1"  # which `open_world` gives its device
MODULES = ("g711.so", "aubridge.so")
APPLICATIONS = ("account.so", "echo.so", "menu.so")


def configure(directory: Path, account: str, lines: list[str]) -> None:
    place = next(Path("/usr/lib").glob("**/baresip/modules"))
    text = [f"sip_listen {HOST}:5060", "call_max_calls 4", f"module_path {place}", "audio_buffer 20-160"]
    text += [f"module {each}" for each in MODULES] + [f"module_app {each}" for each in APPLICATIONS]
    text += [f"audio_{each} aubridge,nil" for each in ("player", "source", "alert")]
    (directory / "config").write_text("\n".join((*text, *lines, "")))
    (directory / "accounts").write_text(f"<sip:echo@{HOST}>;regint=0;answermode=auto{account}\n")
    (directory / "contacts").write_text("")


async def main(directory: Path) -> None:
    vantage = Vantage("here", Secrets.none())
    with (directory / "log").open("wb") as log:
        phone = subprocess.Popen(["baresip", "-f", str(directory)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            async with asyncio.timeout(15):
                while (await look_at(vantage, "sip.options", f"sip:echo@{HOST}:5060")).outcome is not Outcome.PASS:
                    assert phone.poll() is None
            found = await look_at(vantage, "sip.call", f"sip:echo@{HOST}:5060", within=8, calls_per_day=9, seconds=2.0)
        finally:
            phone.terminate()
            phone.wait(10)
    await vantage.aclose()
    print(json.dumps({"outcome": found.outcome, "code": found.code, "detail": found.detail, "mos": found.value}))


if __name__ == "__main__":
    raise_interface(b"lo")
    _, where, account, *lines = sys.argv
    configure(Path(where), account, lines)
    world = open_world()
    asyncio.run(main(Path(where)))
