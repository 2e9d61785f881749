"""`exec`: run a monitoring plugin: its exit status is the verdict, its first line the words.

The convention is that of the Monitoring Plugins: exit status 0 passes, 1 warns (`exec.warning`), 2 fails
(`exec.critical`), 3 is unknown (`exec.unknown`); any other is the plugin's own failure (`exec.status`, `exec.signal`).
Behind a `|` in the first line, and from a `|` in a later one to the end, stands performance data,
`'label'=value[unit];warn;crit;min;max …`, whose first number is the value; `U` is none.
Other codes: unknown `exec.missing`, `exec.flood` and `exec.broken` (1 or 2 is also what interpreters end with when the
plugin itself breaks), fail `timeout`. A plugin runs as the daemon's user, without a shell, and everything in its
process group ends with it.
"""

import math
import re

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import ExecOptions
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.probes.plugin import breakdown, run

_VERDICTS = {
    0: (Outcome.PASS, ""),
    1: (Outcome.WARN, "exec.warning"),
    2: (Outcome.FAIL, "exec.critical"),
    3: (Outcome.UNKNOWN, "exec.unknown"),
}
# Possessive, so that long lines take no more than their length. A number is written as C or a locale does, `.52` and
# `0,52` too; what goes on with more points or commas is none, but a version or the like.
_NUMBER = r"[+-]?(?:\d++(?:[.,]\d*+)?|[.,]\d++)(?:[eE][+-]?\d++)?(?![\d.,])"
_DATUM = re.compile(rf"(?<!\S)(?:'(?:[^']|'')*+'|[^\s=|'][^\s=|]*+)=({_NUMBER})", re.ASCII)
_LINES = 20  # in which the first one that holds anything is looked for


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Run the plugin of `check` once."""
    options = check.own(ExecOptions)
    phases = Phases()
    async with phases.within(deadline):
        phases.enter("exec")
        ended = await run(options.argv, deadline, "exec.missing")
    words, value = read(ended.out if first_line(ended.out) else ended.err)
    if ended.status < 0:
        outcome, code = Outcome.UNKNOWN, "exec.signal"
        words = f"ended by signal {-ended.status}: {words}"
    elif ended.status not in _VERDICTS:
        outcome, code = Outcome.UNKNOWN, "exec.status"
        words = f"ended with status {ended.status}: {words}"
    elif ended.status and (broke := breakdown(ended, options.argv[0])):
        outcome, code = Outcome.UNKNOWN, "exec.broken"
        words = f"the plugin itself broke and judged nothing: {broke}"
    else:
        outcome, code = _VERDICTS[ended.status]
    return phases.sample(words, outcome, code, value)


def read(output: bytes) -> tuple[str, float | None]:
    """Return the words for people of a plugin's whole output, and the first number of its performance data."""
    words, value = read_line(first_line(output))
    if value is None:
        later = output.lstrip().partition(b"\n")[2].partition(b"|")[2]
        value = first_number(later.decode("utf-8", "replace").replace("|", " "))
    return words, value


def first_line(output: bytes) -> str:
    """Return the first line that is not empty, whatever its bytes."""
    for line in output.split(b"\n", _LINES)[:_LINES]:
        if text := line.decode("utf-8", "replace").strip():
            return text
    return ""


def read_line(line: str) -> tuple[str, float | None]:
    """Return the words for people and the first number of the performance data in a plugin's first line."""
    words, _, data = line.partition("|")
    return words.strip() or "no words", first_number(data.replace("|", " "))


def first_number(data: str) -> float | None:
    """Return the first number of performance data; None where there is none that is finite."""
    found = _DATUM.search(data)
    number = float(found[1].replace(",", ".")) if found else math.nan
    return number if math.isfinite(number) else None
