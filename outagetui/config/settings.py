"""Reading `outagetui.toml` and `audience.toml`, and refusing files that nothing would read."""

from pathlib import Path as File
from typing import Any

from outagetui.config import storepath
from outagetui.config.alertchain import look_at_alerts
from outagetui.config.checkfiles import told_twice
from outagetui.config.commandfile import look_at_commands
from outagetui.config.decode import decode
from outagetui.config.homes import homes_of
from outagetui.config.parsed import ID, ID_WORDS, Draft, Placed
from outagetui.config.places import SETTINGS
from outagetui.config.tables import AudienceFile, SettingsFile
from outagetui.config.tomlfile import Source, names_in, read_source
from outagetui.core import times
from outagetui.core.model import AUDIENCES, Audience, Check, Thresholds
from outagetui.core.probe_options import canary
from outagetui.core.text import listing, nearest

AUDIENCE = "audience.toml"
CONTACTS = "contacts.toml"
CANARY_EVERY = 10.0
CANARY_TIMEOUT = 5.0


def read_settings(draft: Draft) -> None:
    """Read `outagetui.toml`; without it everything there has its default."""
    file = draft.directory / SETTINGS
    if SETTINGS in draft.files:
        source = read_source(file, draft.report)
    else:
        source = Source(str(file), file.stem, draft.report)
        source.parse("")
    if source.data is None:
        return
    source.homes = homes_of(SettingsFile)
    settings = decode(SettingsFile, source.data, source, ())
    draft.settings = Placed(settings, source, ())
    if settings.store.path and (words := storepath.trouble(settings.store.path, draft.directory)):
        source.problem(("store", "path"), words)
    _look_at_names(settings, source)
    for number, target in enumerate(settings.canaries, 1):
        kind = canary(target)
        trouble = kind.target.trouble(target) if kind else "expected a target of tcp, http, https, icmp or dns"
        if trouble:
            source.problem(("canaries", _place(source.data["canaries"], target, number)), trouble)
        elif kind:
            draft.canaries.append(
                Check(
                    id=f"canary.{number}",
                    probe=kind.word,
                    target=target,
                    options=kind.of_canary(),
                    every=CANARY_EVERY,
                    timeout=CANARY_TIMEOUT,
                )
            )


def _look_at_names(settings: SettingsFile, source: Source) -> None:
    if settings.vantage and not ID.fullmatch(settings.vantage):
        source.problem(("vantage",), f'"{settings.vantage}" is no vantage name: expected {ID_WORDS}')
    if settings.timezone and (trouble := _timezone_trouble(settings.timezone)):
        source.problem(("timezone",), trouble)
    _look_at_reach(settings, source)
    look_at_alerts(settings, source)
    look_at_commands(settings.command, source)
    told_twice(settings.canaries, source, ("canaries",))
    seen: set[str] = set()
    for index, operator in enumerate(settings.operator):
        if not operator.user:
            source.problem(("operator", index, "user"), "must not be empty")
        elif operator.user in seen:
            source.problem(("operator", index, "user"), f'"{operator.user}" has a role already; name each user once')
        seen.add(operator.user)


def thresholds(settings: SettingsFile, audience: Audience) -> Thresholds:
    """Return what the reach of an audience means: its own values, else those of all."""
    both, own = settings.reach, settings.reach.staff if audience == "staff" else settings.reach.customers
    given = {name: getattr(own, name) for name in Thresholds.__struct_fields__}
    return Thresholds(**{name: getattr(both, name) if value is None else value for name, value in given.items()})


def _look_at_reach(settings: SettingsFile, source: Source) -> None:
    """Note thresholds that cannot be: an emergency that begins where all is well."""
    assert source.data is not None
    written = source.data.get("reach")
    written = written if isinstance(written, dict) else {}
    seen = set()
    for audience in AUDIENCES:
        limits, own = thresholds(settings, audience), written.get(audience)
        at = ("reach", audience) if isinstance(own, dict) and {"calm", "alarm"} & {*own} else ("reach",)
        table = own if len(at) == 2 else written
        key = next((key for key in ("alarm", "calm") if isinstance(table, dict) and key in table), None)
        if limits.alarm >= limits.calm and key is not None and at not in seen:
            seen.add(at)
            words = f"alarm ({limits.alarm:g}) must be less than calm ({limits.calm:g})"
            source.problem((*at, key), words)


def _place(raw: list[Any], target: str, number: int) -> int:
    return raw.index(target) if target in raw else number - 1


def _timezone_trouble(name: str) -> str:
    import zoneinfo

    try:
        times.zone(name)
    except ValueError:
        hint = nearest(name, zoneinfo.available_timezones()) or '; expected one such as "Europe/Berlin"'
        return f'unknown time zone "{name}"{hint}'
    return ""


def read_audience(draft: Draft) -> None:
    """Read `audience.toml`, if it is there."""
    file = draft.directory / AUDIENCE
    if AUDIENCE not in draft.files:
        return
    source = read_source(file, draft.report)
    if source.data is None:
        return
    source.homes = homes_of(AudienceFile)
    decoded = decode(AudienceFile, source.data, source, ())
    raw = source.data.get("segment")
    indexes = [index for index, entry in enumerate(raw) if isinstance(entry, dict)] if isinstance(raw, list) else []
    for index, segment in zip(indexes, decoded.segment, strict=False):
        placed = Placed(segment, source, ("segment", index))
        if segment.id and not ID.fullmatch(segment.id):
            placed.problem(("id",), f'"{segment.id}" is no id: expected {ID_WORDS}')
        told_twice(segment.uses, source, (*placed.at, "uses"))
        draft.segments.append(placed)


def refuse_strangers(draft: Draft) -> None:
    """Note every other TOML file in the directory: it is misspelt, or nothing reads it."""
    known = (SETTINGS, AUDIENCE, CONTACTS)
    for file in names_in(File(draft.directory), ".toml", draft.report):
        if file.name not in known:
            hint = nearest(file.name, known) or f"; known: {listing(known)}"
            draft.report.add(str(file), 1, "", f"unknown file{hint}")
