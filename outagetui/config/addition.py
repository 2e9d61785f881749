"""Writing the file of one more channel: the smallest that works, with the keys beside it that are wanted next."""

import json
import os
import tempfile
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from outagetui.config.checkfiles import read_owner
from outagetui.config.loader import read
from outagetui.config.parsed import ID, ID_WORDS, Draft
from outagetui.config.places import SETTINGS, find, named
from outagetui.config.problems import ConfigError, Problem
from outagetui.config.starter import umask
from outagetui.config.tomlfile import Source, is_directory
from outagetui.core.text import REPLACEMENT, clean

LONGEST_NAME = 120  # characters; a row of the board shows fewer
# Latin letters that Unicode does not take apart into a letter and its mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "n"}
)
_TEXT = """\
# {name}: a way for people to reach us, and what is looked at to know whether it works.
# After every change: outagetui validate, then outagetui reload if a daemon runs.

[channel]
name = {quoted}
{audience:27} # whose way it is: customers or staff
{role:27} # a backup is used while a primary is down
# backs_up = ["messenger"]  # of a backup: the channels whose people move here
# address = "https://…"     # what people are told when this is where to find us
# carries = ["text"]        # text, voice, video

[[check]]
target = {target}
{probe:27} # all that this probe can look at: outagetui init --example {kind}
{secret}# every = "30s"
# timeout = "5s"
# slow_above = "800ms"      # an answer slower than this counts as slow
"""


def target_directory(option: str | None, env: Mapping[str, str], cwd: Path, home: Path) -> Path:
    """Return where a channel is added: the directory that is named, the current one if it is a configuration or there
    is none anywhere, else the one that is read. Raises `ConfigError` when the one named is no directory.
    """
    chosen = named(option, env, cwd)
    if chosen is not None:
        return chosen
    if os.path.lexists(cwd / SETTINGS):
        return cwd
    try:
        return find(None, env, cwd, home)
    except ConfigError:
        return cwd


def slug(name: str) -> str:
    """Return an id made of a name: ASCII letters and digits with `-` between words; empty when nothing is left."""
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in plain).split()
    return "-".join(words)[:64].strip("-")


def add(
    directory: Path,
    name: str,
    target: str,
    *,
    id: str | None = None,
    audience: str | None = None,
    role: str | None = None,
    probe: str | None = None,
    secret: str | None = None,
) -> Path:
    """Write `checks/<id>.toml` for a channel with one check at `target`, and return the file; `id` is made of the name.

    Raises `ConfigError`, with nothing written, for what `validate` would refuse and for what is there already.
    """
    name = _shown(name)
    found = id or slug(name)
    if not ID.fullmatch(found):
        words = f'"{found}" is no id: expected {ID_WORDS}' if found else "holds nothing that an id could be made of"
        raise _refusal(name, f"{words}; give one with --id")
    file = directory / "checks" / f"{found}.toml"
    if os.path.lexists(file):
        raise _refusal(str(file), "exists already; edit it, or give another id with --id")
    for owner in read(directory).owners:
        if owner.id == found:
            raise _refusal(name, f'the id "{found}" is taken by {owner.table.place}; give another with --id')
    if secret is not None and not secret.isprintable():
        raise _refusal(secret, "expected the name of a file, without control or invisible characters")
    given = {"audience": audience, "role": role, "probe": probe, "secret": secret}
    _write(file, _text(file, name, target, given))
    return file


def _shown(name: str) -> str:
    """Return a name as it is drawn, if that is how it was meant."""
    shown = clean(name, LONGEST_NAME)
    if not shown or len(name) > LONGEST_NAME or REPLACEMENT in shown or any(char in name for char in "\t\n\r\x85"):
        words = "expected a name in one line, without control or invisible characters"
        raise _refusal(name, f"{words}, at most {LONGEST_NAME} characters")
    return shown


def _text(file: Path, name: str, target: str, given: Mapping[str, str | None]) -> str:
    """Return the file's text. Raises `ConfigError` when it would not be valid by itself."""
    lines = {key: f"{key} = {_quoted(value)}" for key, value in given.items() if value is not None}
    fill = {
        "name": name,
        "quoted": _quoted(name),
        "target": _quoted(target),
        "audience": lines.get("audience", '# audience = "customers"'),
        "role": lines.get("role", '# role = "primary"'),
        "secret": f"{lines['secret']}\n" if "secret" in lines else "",
    }
    draft = Draft(file.parent.parent)
    source = Source(str(file), file.stem, draft.report)
    source.parse(_TEXT.format(**fill, probe=lines.get("probe", "#"), kind=""))
    if source.data is not None:
        read_owner(draft, source, source.data)
    kind = draft.owners[0].checks[0].value.probe if draft.owners else ""
    if problems := draft.report.problems:
        raise ConfigError([_asked(problem, name, target, kind) for problem in problems])
    return _TEXT.format(**fill, probe=lines.get("probe", f'# probe = "{kind}"'), kind=kind)


def _asked(problem: Problem, name: str, target: str, kind: str) -> Problem:
    """Return a problem of the file that is not written as one of what was asked for."""
    about, _, key = problem.key.partition(".")
    if not about.startswith("check"):
        return Problem(name, 0, key, problem.message)
    how = f"; a check needs more than a target here: outagetui init --example {kind}"
    if key in ("target", "probe"):
        how = ""
    elif "secret" in (key, *problem.message.replace(":", "").split()):
        how = "; --secret NAME gives it"
    return Problem(clean(target) or '""', 0, "" if key == "target" else key, problem.message + how)


def _write(file: Path, text: str) -> None:
    """Write the whole file or nothing, and never over another."""
    folder = file.parent
    fresh = not is_directory(folder)
    place: Path | None = None
    try:
        folder.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=folder)
        place = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            os.fchmod(descriptor, 0o666 & ~umask())
            stream.flush()
            os.fsync(descriptor)
        os.link(place, file)  # unlike a rename, this does not replace what somebody else has just written
    except OSError as error:
        there = place is not None and isinstance(error, FileExistsError)
        raise _refusal(str(file), "exists already" if there else f"cannot be written: {error.strerror}") from error
    finally:
        if place is not None:
            place.unlink(missing_ok=True)
        if fresh and not file.exists():
            with suppress(OSError):
                folder.rmdir()


def _quoted(text: str) -> str:
    """Return a TOML string: JSON escapes what TOML wants escaped, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _refusal(about: str, message: str) -> ConfigError:
    return ConfigError([Problem(clean(about) or '""', 0, "", clean(message, 600))])
