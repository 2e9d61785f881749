"""Reading `playbooks/*.toml`: steps with the options of their kind."""

from typing import Final

import msgspec

from outagetui.config.checkfiles import told_twice, unknown_kind
from outagetui.config.decode import decode
from outagetui.config.homes import homes_of
from outagetui.config.parsed import ID, ID_WORDS, Draft, Placed
from outagetui.config.positions import Path
from outagetui.config.suggestions import conditions
from outagetui.config.tables import PlaybookFile, StepTable
from outagetui.config.tomlfile import Source, names_in, read_source
from outagetui.core.copies import copied
from outagetui.core.model import Playbook, Step, Undo
from outagetui.core.step_options import STEPS, StepOptions
from outagetui.core.words import Why

RESERVED: Final = ("yes", "no", "done", "failed", "skip", "abort", "retry", "undo", "again", "approved", "break-glass")


def read_playbooks(draft: Draft) -> None:
    """Read every file of `playbooks/` into `draft`."""
    for path in names_in(draft.directory / "playbooks", ".toml", draft.report):
        source = read_source(path, draft.report)
        if not ID.fullmatch(source.name):
            source.problem((), f"the file's name is the playbook's id: expected {ID_WORDS}")
        if source.data is not None:
            source.homes = homes_of(PlaybookFile)
            file = decode(PlaybookFile, source.data, source, ())
            draft.playbooks[source.name] = Placed(_playbook(file, draft, source), source, ())


def _playbook(file: PlaybookFile, draft: Draft, source: Source) -> Playbook:
    indexes = _indexes(source)
    return copied(
        Playbook,
        file,
        id=source.name,
        suggest=conditions(file.suggest.when, source),
        steps=tuple(_step(table, index, draft, source) for index, table in zip(indexes, file.step, strict=False)),
    )


def _indexes(source: Source) -> list[int]:
    """The places of the entries of `step` that are tables: the others are left out of what was decoded."""
    raw = (source.data or {}).get("step")
    return [index for index, entry in enumerate(raw) if isinstance(entry, dict)] if isinstance(raw, list) else []


def _step(table: StepTable, index: int, draft: Draft, source: Source) -> Step:
    at: Path = ("step", index)
    if table.id is not None and not ID.fullmatch(table.id):
        source.problem((*at, "id"), f'"{table.id}" is no id: expected {ID_WORDS}')
    options = _options(table.do, table.with_, draft, source, at)
    if options.says and not table.say.strip():
        source.problem((*at, "say"), f"missing; a {table.do} step {options.says}")
    if table.timeout is not None and options.talks:
        source.problem((*at, "timeout"), f"a {table.do} step takes no time of its own; remove it")
    _look_at_choice(table, options, source, at)
    limit = options.limit()
    if limit is not None and table.timeout is not None:
        source.problem((*at, "timeout"), f"a {table.do} step ends after its `within`; set that instead")
    undo = None
    if table.undo is not None and not StepOptions.of(table.undo.do).takes_back:
        source.problem((*at, "undo", "do"), f"a {table.undo.do} step takes nothing back; name one that does")
    elif table.undo is not None:
        undo = Undo(do=table.undo.do, options=_options(table.undo.do, table.undo.with_, draft, source, (*at, "undo")))
    return Step(
        id=table.id or f"step-{index + 1}",
        do=table.do,
        options=options,
        say=table.say,
        needs=table.needs or ("confirm" if options.outside else "auto"),
        timeout=(table.timeout or 30.0) if limit is None else limit,
        on_failure=table.on_failure,
        already=table.check.probe if table.check else None,
        only_if=table.only_if,
        answers=dict(table.answers),
        undo=undo,
    )


def _look_at_choice(table: StepTable, options: StepOptions, source: Source, at: Path) -> None:
    if options.asks != Why.CHOOSE:
        if table.answers:
            source.problem((*at, "answers"), "only a choose step has answers")
        return
    if len(table.answers) < 2:
        source.problem((*at, "answers"), 'expected at least two: answers = { name = "words", … }')
    for name in table.answers:
        if not ID.fullmatch(name) or name in RESERVED:
            taken = "means something already" if name in RESERVED else f"is no name of an answer: expected {ID_WORDS}"
            source.problem((*at, "answers", name), f'"{name}" {taken}')


def _options(do: str, raw: dict[str, object], draft: Draft, source: Source, at: Path) -> StepOptions:
    kind = STEPS.get(do)
    if kind is None:
        if do:
            source.problem((*at, "do"), unknown_kind(do, STEPS, (), "step kind"))
        return StepOptions()
    options = decode(kind, raw, source, (*at, "with"))
    for key, value in msgspec.structs.asdict(options).items():
        if isinstance(value, tuple):
            told_twice(value, source, (*at, "with", key.rstrip("_")))
    for where, trouble in options.troubles():
        source.problem((*at, "with", *where), trouble)
    return draft.whole(options)
