"""kill -9 at random moments of runs whose steps are commands: the journal and what was done must agree every time.

And power cuts on the store, simulated: nothing that was acknowledged is lost, and the journal's anchor raises no alarm.
"""

import resource
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.report import Row
from tests.kit.installation import new_installation
from tests.kit.kills_amid_commands import KillsAmidCommands, Tally
from tests.kit.power_cuts import Cuts, PowerCuts

KILLS = 500
EACH = 25  # kills of one store; then another begins
AT_ONCE = 2


def run(kills: int = KILLS) -> list[Row]:
    """Kill, compare, ask, go on; then cut the power as often."""
    parts = [min(EACH, kills - begun) for begun in range(0, kills, EACH)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tallies = list(pool.map(_go, range(len(parts)), parts))
    wrong = [words for tally in tallies for words in tally.disagreements]
    runs, midway = sum(tally.runs for tally in tallies), sum(tally.midway for tally in tallies)
    agreements = sum(tally.agreements for tally in tallies)
    cuts = _cut(kills)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return [
        Row("crash: kills", sum(tally.kills for tally in tallies), "", note=f"in {runs} runs of ten commands"),
        Row("crash: agreements of file and journal", agreements, "", note=f"{midway} just between deed and outcome"),
        Row("crash: unsure, asked", sum(tally.unsure for tally in tallies), ""),
        Row("crash: disagreements", len(wrong), "", goal=0, note=wrong[0][:200] if wrong else ""),
        Row("crash: power cuts", cuts.tries, "", note="of the store, simulated"),
        Row("crash: power cuts with a failure", len(cuts.failures), "", goal=0, note="; ".join(cuts.failures)[:200]),
        Row("crash: peak memory", peak, "MB", note="of the fattest process"),
    ]


def _cut(tries: int) -> Cuts:
    told = Cuts()
    for seed in range(0, tries, EACH):
        with tempfile.TemporaryDirectory() as place:
            part = PowerCuts(Path(place), seed).go(min(EACH, tries - seed))
        told.tries += part.tries
        told.failures += part.failures
    return told


def _go(seed: int, kills: int) -> Tally:
    with new_installation() as installation:
        return KillsAmidCommands(installation, 1000 + seed).go(kills)
