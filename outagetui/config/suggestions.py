"""Reading `[suggest] when`: the conditions on which a playbook is suggested."""

import re
from collections.abc import Collection, Iterable
from typing import Any, get_args

from outagetui.config.checkfiles import told_twice
from outagetui.config.names import known_name, known_names
from outagetui.config.parsed import Draft, Placed
from outagetui.config.positions import Path
from outagetui.config.tables import Day, WhenTable
from outagetui.config.tomlfile import Source
from outagetui.core.model import BAD, Condition, Playbook

_CLOCK = re.compile(r"(\d\d):(\d\d)", re.ASCII)
_DAYS: tuple[str, ...] = get_args(Day)
AUDIENCE = "audience.toml"
END_OF_DAY = 24 * 60


def conditions(tables: Iterable[WhenTable], source: Source) -> tuple[Condition, ...]:
    """Return the alternatives of `[suggest] when`; faults go to `source`."""
    indexes = [index for index, entry in enumerate(_entries(source)) if isinstance(entry, dict)]
    placed = zip(indexes, tables, strict=False)
    return tuple(_condition(table, source, ("suggest", "when", index)) for index, table in placed)


def look_at_conditions(draft: Draft, playbook: Placed[Playbook], peopled: Collection[str]) -> None:
    """Note every channel that a condition names and that there is not, and a reach that nobody could compute.

    `peopled` are the audiences that have a segment.
    """
    channels = draft.channels
    unread = not peopled and AUDIENCE in draft.files
    entries = [(index, entry) for index, entry in enumerate(_entries(playbook.source)) if isinstance(entry, dict)]
    for (index, entry), condition in zip(entries, playbook.value.suggest, strict=False):
        at: Path = ("suggest", "when", index)
        if "channel" in entry:
            for name in condition.channels[:1]:
                known_name(draft, playbook, (*at, "channel"), name, channels, "channel")
        else:
            known_names(draft, playbook, (*at, "channels"), condition.channels, channels, "channel")
        if condition.audience and condition.audience not in peopled and not unread:
            message = f"no segment of {condition.audience} is in {AUDIENCE}, so their reach is not known; add one"
            playbook.problem((*at, "audience"), message)


def _entries(source: Source) -> list[Any]:
    suggest = (source.data or {}).get("suggest")
    raw = suggest.get("when") if isinstance(suggest, dict) else None
    return raw if isinstance(raw, list) else []


def _condition(table: WhenTable, source: Source, at: Path) -> Condition:
    channels = (table.channel,) if table.channel else table.channels or ()
    raw = source.data or {}
    written = raw["suggest"]["when"][at[-1]]
    if "channel" in written and "channels" in written:
        source.problem((*at, "channels"), "expected channel or channels, not both")
    if not written.keys() & {"channel", "channels", "reach_below"}:
        source.problem(at, "expected channel, channels or reach_below: what must have happened")
    if "state" in written and not written.keys() & {"channel", "channels"}:
        source.problem((*at, "state"), "needs channel or channels beside it")
    for one, other in (("audience", "reach_below"), ("reach_below", "audience")):
        if one in written and other not in written:
            source.problem((*at, one), f"needs {other} beside it")
    told_twice(channels, source, (*at, "channels"))
    told_twice(table.days or (), source, (*at, "days"))
    return Condition(
        channels=channels,
        state=table.state or BAD,
        lasting=table.lasting,
        audience=table.audience,
        reach_below=table.reach_below,
        between=_between(table.between, source, (*at, "between")),
        days=tuple(map(_DAYS.index, table.days or ())),
    )


def _between(written: tuple[str, ...] | None, source: Source, at: Path) -> tuple[int, int] | None:
    if written is None:
        return None
    minutes = [_minute(text) for text in written]
    if len(minutes) != 2 or None in minutes or minutes[0] == END_OF_DAY:
        source.problem(at, 'expected two local times of day from "00:00" to "24:00", such as ["22:00", "06:00"]')
        return None
    begin, end = minutes
    assert begin is not None
    assert end is not None
    if begin == end:
        source.problem(at, "begins and ends at the same time; remove it where the whole day is meant")
    return begin, end


def _minute(text: str) -> int | None:
    """Return the minute of the day that `14:05` says; None for anything else."""
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[2]) > 59:
        return None
    minute = int(found[1]) * 60 + int(found[2])
    return minute if minute <= END_OF_DAY else None
