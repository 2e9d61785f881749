"""Reading announcement texts: those of the configuration, and behind them the shipped ones."""

from pathlib import Path

from outagetui.config.hidden_text import trouble_of
from outagetui.config.parsed import Draft
from outagetui.config.places import shipped
from outagetui.config.problems import Report
from outagetui.config.tomlfile import names_in, read_text
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import Template
from outagetui.core.text import listing, nearest

FOLDER = Path("playbooks") / "announcements"


def read_templates(draft: Draft) -> None:
    """Read every `playbooks/announcements/KIND.LANGUAGE.txt`; one of the configuration replaces the shipped one."""
    for file in names_in(shipped() / FOLDER, ".txt", draft.report):
        _read(file, draft, Report())
    for file in names_in(draft.directory / FOLDER, ".txt", draft.report):
        _read(file, draft, draft.report)


def _read(file: Path, draft: Draft, report: Report) -> None:
    from outagetui.wording.compose import FIELDS, TemplateError, places, read_template

    kind, _, language = file.stem.partition(".")
    if not language or "." in language:
        report.add(str(file), 1, "", "expected a name such as backup-active.en.txt: KIND.LANGUAGE.txt")
        return
    if kind not in ANNOUNCEMENT_KINDS:
        hint = nearest(kind, ANNOUNCEMENT_KINDS) or f"; known: {listing(ANNOUNCEMENT_KINDS)}"
        report.add(str(file), 1, "", f'unknown kind of announcement "{kind}"{hint}')
        return
    # Known even when it is faulty: a step that names it must not be told that it is missing.
    draft.templates[kind, language] = Template(kind=kind, language=language, title="", body="")
    text = read_text(file, report)
    if text is None:
        return
    for line, words in enumerate(text.split("\n"), 1):
        if trouble := trouble_of(words, "\t\r"):
            report.add(str(file), line, "", trouble)
    for line, name in places(text):
        if name not in FIELDS:
            hint = nearest(name, FIELDS) or f"; known: {listing(FIELDS)}"
            report.add(str(file), line, "", f'unknown field "{{{name}}}"{hint}')
    try:
        draft.templates[kind, language] = read_template(kind, language, text)
    except TemplateError as error:
        report.add(str(file), min(error.line, len(text.splitlines()) or 1), "", error.message)
