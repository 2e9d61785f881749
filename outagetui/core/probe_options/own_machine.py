"""What is asked of this machine: a tunnel, and any monitoring plugin."""

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from outagetui.core.probe_kind import ProbeOptions
from outagetui.core.targets import NameTarget
from outagetui.core.troubles import Trouble


class WireguardOptions(ProbeOptions, frozen=True, kw_only=True):
    """`wireguard`: `peer` is a public key, `file` holds the output of `wg show INTERFACE dump`."""

    word = "wireguard"
    target = NameTarget(words="wireguard:INTERFACE", schemes=("wireguard",), pattern=r"[A-Za-z0-9_=+.-]{1,15}")
    default_for = ("wireguard",)
    streams = False

    peer: str | None = None
    stale_after: Annotated[float, Meta(gt=0, extra_json_schema={"unit": "s"})] = 180.0
    file: str | None = None

    def _wrong(self) -> Iterator[Trouble]:
        if self.peer is not None and not re.fullmatch(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", self.peer):
            yield ("peer",), "expected a public key as `wg show` prints it: 44 characters that end in ="

    def odd(self, target: str, every: float) -> Iterator[Trouble]:
        if self.stale_after <= 120:
            yield ("stale_after",), "WireGuard shakes hands every two minutes, so a false alarm is sure"


class ExecOptions(ProbeOptions, frozen=True, kw_only=True):
    """`exec`: `argv` is a monitoring plugin, named by its whole path, and its arguments."""

    word = "exec"
    target = NameTarget(words="exec:NAME", schemes=("exec",), pattern=r"[A-Za-z0-9_.-]{1,64}")
    default_for = ("exec",)
    streams = False

    argv: Annotated[tuple[str, ...], Meta(min_length=1)]

    def _wrong(self) -> Iterator[Trouble]:
        if self.argv and not self.argv[0].startswith("/"):
            yield ("argv", 0), "expected the plugin's whole path, which begins with /"
