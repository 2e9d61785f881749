"""What a configuration says that can be meant, and hardly ever is. It is told, and keeps nothing from being used.

What only a kind of probe, step or outlet can judge, its class in `core` says (`odd`).
"""

import re
import warnings
from collections.abc import Iterator

from outagetui.config.odd_settings import odd_settings
from outagetui.config.parsed import Draft, Owner, Placed
from outagetui.config.positions import Path
from outagetui.config.tables import ChannelTable, OutletTable, SettingsFile
from outagetui.core.model import Check, Playbook
from outagetui.core.text import MARKS_PER_BASE, few_marks
from outagetui.core.times import show_duration

SHORTEST_TIMEOUT = 0.1  # seconds in which hardly anything far away answers
LONGEST_TIMEOUT = 3600.0
SHORTEST_PUBLISHING = 1.0  # seconds in which hardly any service takes a post
LONGEST_PUBLISHING = 600.0
SHORTEST_PROOF = 3600.0  # seconds between two proofs below which they disturb more than they prove
RAREST_LOOK = 86400.0
LONGEST_NAME = 60  # characters that boards and pages have room for
LONGEST_WAIT = 86400.0  # seconds before a playbook is suggested, or of a step

Oddity = tuple[Path, str]  # the key below the value, and what is odd
Odd = Placed[Check] | Owner | Placed[SettingsFile] | Placed[Playbook]


def oddities(draft: Draft) -> Iterator[tuple[Odd, Path, str]]:
    """Yield where something odd stands, its key, and what it leads to."""
    if draft.settings is not None:
        for key, words in odd_settings(draft.settings.value, draft.directory):
            yield draft.settings, key, words
    for owner in draft.owners:
        found = _of_channel(owner.channel) if owner.channel is not None else ()
        found = _of_outlet(owner, owner.outlet) if owner.outlet is not None else found
        for key, words in found:
            yield owner, key, words
        for check in owner.checks:
            for key, words in _of_check(check.value):
                yield check, key, words
    for book in draft.playbooks.values():
        for key, words in _of_playbook(book.value):
            yield book, key, words


def _of_channel(table: ChannelTable) -> Iterator[Oddity]:
    yield from _of_name(table.name)
    if table.prove_every is not None and table.prove_every < SHORTEST_PROOF:
        every = show_duration(table.prove_every)
        yield ("prove_every",), f"the backup is tried out every {every}: is that meant?"
    if (cost := table.cost) is not None:
        for used, price in (("minutes_per_hour", "per_minute"), ("messages_per_hour", "per_message")):
            if getattr(cost, used) and not getattr(cost, price):
                yield ("cost", used), f"costs nothing without {price}"
        if cost.minutes_per_hour > 60 * 1000:
            yield ("cost", "minutes_per_hour"), "more than a thousand people at once"


def _of_outlet(owner: Owner, table: OutletTable) -> Iterator[Oddity]:
    yield from _of_name(table.name)
    timeout = show_duration(table.timeout)
    if table.timeout < SHORTEST_PUBLISHING:
        yield ("timeout",), f"hardly anything is published within {timeout}, and whether it was is then unknown"
    elif table.timeout > LONGEST_PUBLISHING:
        yield ("timeout",), f"one that hangs is noticed after {timeout}"
    yield from owner.options.odd(table)


def _of_name(name: str) -> Iterator[Oddity]:
    if few_marks(name) != name:
        yield ("name",), f"at most {MARKS_PER_BASE} marks on one letter are shown"
    elif len(name) > LONGEST_NAME:
        yield ("name",), f"longer than {LONGEST_NAME} characters: boards and pages show its beginning"


def _of_check(check: Check) -> Iterator[Oddity]:
    timeout = show_duration(check.timeout)
    if check.timeout < SHORTEST_TIMEOUT:
        yield ("timeout",), f"hardly anything answers within {timeout}"
    elif check.timeout > LONGEST_TIMEOUT:
        yield ("timeout",), f"a check that hangs is noticed after {timeout}"
    if check.slow_above is not None and check.slow_above >= check.timeout:
        yield ("slow_above",), f"never reached: what takes longer than timeout ({timeout}) has failed"
    elif check.slow_above is not None and check.slow_above < 0.001:
        yield ("slow_above",), "hardly anything answers so soon: always slow"
    elif check.slow_above is not None and check.expect == "refused":
        yield ("slow_above",), "never reached: what has to be refused is not slow"
    if check.every > RAREST_LOOK:
        yield ("every",), f"looks only every {show_duration(check.every)}: an outage may pass unseen"
    elif check.every < 1:
        yield ("every",), f"looks {1 / check.every:.0f} times a second, which whoever is asked may refuse"
    for key in ("match", "no_match", "widget"):
        pattern = getattr(check.options, key, None)
        if isinstance(pattern, str) and _finds_everything(pattern):
            fate = "so the check always fails" if key == "no_match" else "so it says nothing"
            yield (key,), f"is found in every answer, even an empty one, {fate}"
    yield from check.options.odd(check.target, check.every)
    yield from _of_records(*check.options.expected())


def _of_records(kind: str, records: tuple[str, ...]) -> Iterator[Oddity]:
    if not records:
        return
    from outagetui.protocols.dns_records import RecordError, read_value

    for at, record in enumerate(records):
        try:
            read_value(kind, record)
        except RecordError as error:
            yield ("answer", at), f"no record of type {kind}, so the check stays unknown: {error}"
    if len({*records}) < len(records):
        yield ("answer",), "names a record twice"


def _of_playbook(book: Playbook) -> Iterator[Oddity]:
    yield from _of_name(book.name)
    for at, condition in enumerate(book.suggest):
        if condition.lasting > LONGEST_WAIT:
            words = f"suggested only after {show_duration(condition.lasting)}"
            yield ("suggest", "when", at, "for"), words
    for at, step in enumerate(book.steps):
        if step.timeout < SHORTEST_PUBLISHING and not step.options.talks:
            yield ("step", at, "timeout"), f"hardly anything is done within {show_duration(step.timeout)}"
        elif step.timeout > LONGEST_WAIT and step.options.limit() is None:
            yield ("step", at, "timeout"), f"one that hangs is noticed after {show_duration(step.timeout)}"
        for key, words in step.options.odd():
            yield ("step", at, "with", *key), words


def _finds_everything(pattern: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.search(pattern, "") is not None
