"""What a configuration says that can be meant, and hardly ever is. It is told, and keeps nothing from being used."""

import re
import warnings
from collections.abc import Iterator

from outagetui.config.parsed import Draft, Owner, Placed
from outagetui.config.positions import Path
from outagetui.core.model import Check
from outagetui.core.times import show_duration

SHORTEST_TIMEOUT = 0.1  # seconds in which hardly anything far away answers
LONGEST_TIMEOUT = 3600.0
SHORTEST_PROOF = 3600.0  # seconds between two proofs below which they disturb more than they prove
RAREST_LOOK = 86400.0

Oddity = tuple[Path, str]  # the key below the value, and what is odd


def oddities(draft: Draft) -> Iterator[tuple[Placed[Check] | Owner, Path, str]]:
    """Yield where something odd stands, its key, and what it leads to."""
    for owner in draft.owners:
        if owner.channel is not None:
            every = owner.channel.prove_every
            if every is not None and every < SHORTEST_PROOF:
                yield owner, ("prove_every",), f"the backup is tried out every {show_duration(every)}: is that meant?"
        for check in owner.checks:
            for key, words in _of_check(check.value):
                yield check, key, words


def _of_check(check: Check) -> Iterator[Oddity]:
    timeout = show_duration(check.timeout)
    if check.timeout < SHORTEST_TIMEOUT:
        yield ("timeout",), f"hardly anything answers within {timeout}"
    elif check.timeout > LONGEST_TIMEOUT:
        yield ("timeout",), f"a check that hangs is noticed after {timeout}"
    if check.slow_above is not None and check.slow_above >= check.timeout:
        yield ("slow_above",), f"never reached: what takes longer than timeout ({timeout}) has failed"
    if check.every > RAREST_LOOK:
        yield ("every",), f"looks only every {show_duration(check.every)}: an outage may pass unseen"
    for key in ("match", "no_match"):
        pattern = getattr(check.options, key, None)
        if isinstance(pattern, str) and _finds_everything(pattern):
            fate = "so it says nothing" if key == "match" else "so the check always fails"
            yield (key,), f"is found in every answer, even an empty one, {fate}"


def _finds_everything(pattern: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.search(pattern, "") is not None
