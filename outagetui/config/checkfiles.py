"""Reading `checks/*.toml`: a channel or an outlet with its checks."""

from collections.abc import Sequence
from typing import Any

from outagetui.config.decode import NOT_YET, decode, keys_of
from outagetui.config.defaults import probe_of
from outagetui.config.homes import homes_of_checks
from outagetui.config.outlettable import read_outlet
from outagetui.config.parsed import ID, ID_WORDS, Draft, Owner, Placed, usable_id
from outagetui.config.positions import Path
from outagetui.config.tables import ChannelTable, CheckTable, OutletTable, OwnerFile
from outagetui.config.tomlfile import Source, names_in, passed_over, read_source
from outagetui.core.copies import copied
from outagetui.core.model import Check
from outagetui.core.outlet_options import OutletOptions
from outagetui.core.probe_options import PROBES, ProbeOptions
from outagetui.core.text import listing, nearest


def read_check_files(draft: Draft) -> None:
    """Read every file of `checks/` into `draft`."""
    directory = draft.directory / "checks"
    files = names_in(directory, ".toml", draft.report)
    if not files:
        message = "no check file: add at least one *.toml file with a [channel] and a [[check]]"
        others = [path.name for path in passed_over(directory, ".toml")]
        passed = f"; not read, since only names that end in .toml are: {listing(others)}" if others else ""
        draft.report.add(str(directory), 1, "", message + passed)
    for file in files:
        source = read_source(file, draft.report)
        if source.data is None:
            draft.may_define(source)
        else:
            read_owner(draft, source, source.data)


def read_owner(draft: Draft, source: Source, data: dict[str, Any]) -> None:
    """Read what a file of `checks/` says into `draft`; faults go to `source`."""
    raw = [each for each in ("channel", "outlet") if each in data]
    source.homes = homes_of_checks(*raw[:1])
    decode(OwnerFile, data, source, ())
    if len(raw) != 1:
        words = "either [channel] or [outlet], not both" if raw else "a [channel] or an [outlet] table"
        source.problem((raw[-1],) if raw else (), f"expected {words}")
        draft.may_define(source)
        return
    kind: Path = (raw[0],)
    table: Placed[ChannelTable] | Placed[OutletTable]
    options = OutletOptions()
    if raw[0] == "channel":
        channel = decode(ChannelTable, data["channel"], source, kind)
        id = usable_id(channel.id, source, (*kind, "id"))
        _look_at_channel(channel, id, source)
        table = Placed(channel, source, kind)
    else:
        outlet, options = read_outlet(data["outlet"], source)
        id = usable_id(outlet.id, source, (*kind, "id"))
        table = Placed(outlet, source, kind)
    if raw[0] == "channel" and not data.get("check"):
        source.problem(("check",), "missing; a channel needs at least one [[check]]")
    checks = []
    for index, entry in enumerate(data["check"] if isinstance(data.get("check"), list) else ()):
        if isinstance(entry, dict):
            checks.append(Placed(_read_check(draft, entry, id, source, ("check", index)), source, ("check", index)))
    draft.add(Owner(id, table, tuple(checks), options))


def _look_at_channel(channel: ChannelTable, id: str, source: Source) -> None:
    if channel.role == "primary":
        for key, given in (("backs_up", channel.backs_up), ("prove_every", channel.prove_every)):
            if given:
                source.problem(("channel", key), "only a backup has this; remove it, or set role to backup")
    for key in ("carries", "backs_up", "depends_on"):
        told_twice(getattr(channel, key), source, ("channel", key))
    if id in channel.backs_up:
        source.problem(("channel", "backs_up", channel.backs_up.index(id)), "a channel cannot back itself up")


def told_twice(names: tuple[str, ...], source: Source, at: Path) -> None:
    """Note every name that a list holds again."""
    before: set[str] = set()
    for index, name in enumerate(names):
        if name in before:
            source.problem((*at, index), f'"{name}" stands here twice')
        before.add(name)


def _read_check(draft: Draft, raw: dict[str, Any], owner: str, source: Source, at: Path) -> Check:
    probe = _probe(raw, source, at)
    kind = PROBES.get(probe)
    own = set(keys_of(kind)) if kind else set()
    # A key of the probe wins: `slow_above` of a `value` probe is a number of the value, not a duration.
    common = {key: value for key, value in raw.items() if key in keys_of(CheckTable) and key not in own}
    rest = {key: value for key, value in raw.items() if key not in common}
    table = decode(CheckTable, common, source, at)
    options = ProbeOptions()
    if kind is not None:
        options = decode(kind, rest, source, at, also=keys_of(CheckTable))
        _look_at_check(table, options, source, at, raw)
        options = draft.whole(options)
    elif table.probe:
        source.problem((*at, "probe"), unknown_kind(table.probe, PROBES, (), "probe"))
    if table.id and not ID.fullmatch(table.id):
        source.problem((*at, "id"), f'"{table.id}" is no id: expected {ID_WORDS}')
    for key in ("vantages", "depends_on"):
        told_twice(getattr(table, key), source, (*at, key))
    timeout = table.timeout if "timeout" in raw else options.timeout(table.timeout)
    id_ = _id(table, raw, probe)
    return copied(
        Check, table, id=f"{owner}.{id_}", probe=kind.word if kind else probe, options=options, timeout=timeout
    )


def _probe(raw: dict[str, Any], source: Source, at: Path) -> str:
    """Return the probe as written, else the one that the target means; nothing when it cannot be known."""
    if "probe" in raw:
        return raw["probe"] if isinstance(raw["probe"], str) else ""
    target = raw.get("target")
    if not isinstance(target, str) or not target:
        return ""
    try:
        return probe_of(target)
    except ValueError as error:
        source.problem((*at, "target"), str(error))
        return ""


def _id(table: CheckTable, raw: dict[str, Any], probe: str) -> str:
    """Return the id as written, else its probe with what an id may hold; nothing when it cannot be known."""
    return table.id or ("" if "id" in raw or probe not in PROBES else probe.replace(".", "-"))


def _look_at_check(table: CheckTable, options: ProbeOptions, source: Source, at: Path, raw: dict[str, Any]) -> None:
    if table.target and (trouble := options.target.trouble(table.target)):
        source.problem((*at, "target"), trouble)
    if table.connect is not None and (trouble := options.connect_trouble(table.connect)):
        source.problem((*at, "connect"), trouble)
    if "timeout" in raw and (trouble := options.timeout_trouble(table.timeout)):
        source.problem((*at, "timeout"), trouble)
    for key, trouble in options.troubles(table.target, raw):
        source.problem((*at, *key), trouble)


def unknown_kind(word: str, known: dict[str, Any], later: Sequence[str], noun: str) -> str:
    """Say why the kind `word` cannot be used."""
    if word in later:
        return f'"{word}" is {NOT_YET}; available: {listing(known)}'
    return f'unknown {noun} "{word}"{nearest(word, [*known, *later])}; known: {listing(known)}'
