"""`exec`: run a monitoring plugin: its exit status is the verdict, its first line the words.

The convention is that of the Monitoring Plugins: exit status 0 passes, 1 warns (`exec.warning`), 2 fails
(`exec.critical`), 3 is unknown (`exec.unknown`); any other is the plugin's own failure (`exec.status`, `exec.signal`).
Behind a `|` in the first line stands performance data, `'label'=value[unit];…`, whose first number is the value.
Other codes: unknown `exec.missing` and `exec.flood`, fail `timeout`. A plugin runs as the daemon's user, without a
shell, and everything in its process group ends with it.
"""

import math
import re

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import ExecOptions
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.probes.plugin import run

_VERDICTS = {
    0: (Outcome.PASS, ""),
    1: (Outcome.WARN, "exec.warning"),
    2: (Outcome.FAIL, "exec.critical"),
    3: (Outcome.UNKNOWN, "exec.unknown"),
}
_DATUM = re.compile(r"(?:'(?:[^']|'')*'|[^\s='|]+)=(-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)", re.ASCII)


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Run the plugin of `check` once."""
    options = check.own(ExecOptions)
    phases = Phases()
    async with phases.within(deadline):
        phases.enter("exec")
        ended = await run(options.argv, deadline, "exec.missing")
    line = first_line(ended.out) or first_line(ended.err)
    words, value = read_line(line)
    if ended.status < 0:
        outcome, code = Outcome.UNKNOWN, "exec.signal"
        words = f"ended by signal {-ended.status}: {words}"
    elif ended.status not in _VERDICTS:
        outcome, code = Outcome.UNKNOWN, "exec.status"
        words = f"ended with status {ended.status}: {words}"
    else:
        outcome, code = _VERDICTS[ended.status]
    return phases.sample(words, outcome, code, value)


def first_line(output: bytes) -> str:
    """Return the first line that is not empty, whatever its bytes."""
    for line in output.split(b"\n", 20)[:20]:
        if text := line.decode("utf-8", "replace").strip():
            return text
    return ""


def read_line(line: str) -> tuple[str, float | None]:
    """Return the words for people and the first number of the performance data in a plugin's first line."""
    words, _, data = line.partition("|")
    value = None
    if found := _DATUM.search(data):
        number = float(found[1].replace(",", "."))
        value = number if math.isfinite(number) else None
    return words.strip() or "no words", value
