"""What only this machine can tell: secrets, certificates and directories that the configuration names."""

import os
import stat
from pathlib import Path

from outagetui.alerts.apprise_program import trouble_of
from outagetui.config.alertchain import look_at_alert_secrets
from outagetui.config.commandfile import look_at_programs
from outagetui.config.loader import read
from outagetui.config.messages import look_at_files
from outagetui.config.parsed import Draft, Placed
from outagetui.config.positions import Path as Key
from outagetui.config.problems import Problem
from outagetui.core.model import Config, Playbook
from outagetui.core.step_options import StepOptions
from outagetui.core.text import in_quotes
from outagetui.machine.secrets import SecretError, Secrets


def deep(config: Config, directory: Path | None = None) -> list[Problem]:
    """Return what is missing or unsafe on this machine, for the user who asks. No secret is kept or shown.

    `directory` is how people wrote the configuration's place, for the problems' paths.
    """
    draft = read(directory or Path(config.directory))
    if draft.report.problems:
        return draft.report.problems
    _look_at_secrets(config, draft)
    _look_at_outlets(config, draft)
    return draft.report.problems


def _look_at_secrets(config: Config, draft: Draft) -> None:
    if config.secrets is not None and draft.settings is not None:
        trouble = _directory_trouble(config.secrets)
        if trouble:
            draft.settings.problem(("secrets", "directory"), trouble)
    secrets = Secrets(Path(config.secrets) if config.secrets else None)
    for placed in draft.checks.values():
        options = placed.value.options
        name = getattr(options, "secret", None)
        if name is not None:
            try:
                secrets.read(name)
            except SecretError as error:
                placed.problem(("secret",), str(error))
        for key in ("ca", "file"):
            path = getattr(options, key, None)
            if path is not None and not (Path(path).is_file() and os.access(path, os.R_OK)):
                placed.problem((key,), f"{path}: no such file, or not readable")
        program = next(iter(getattr(options, "argv", ())), None)
        if program is not None and not (Path(program).is_file() and os.access(program, os.X_OK)):
            placed.problem(("argv", 0), f"{program}: no such program, or not executable")
    if draft.settings is not None:
        look_at_alert_secrets(draft, secrets)
    look_at_programs(draft, secrets)
    for playbook in draft.playbooks.values():
        for index, step in enumerate(playbook.value.steps):
            _look_at_step(playbook, ("step", index, "with"), step.options, secrets)
            if step.undo is not None:
                _look_at_step(playbook, ("step", index, "undo", "with"), step.undo.options, secrets)


def _look_at_step(playbook: Placed[Playbook], at: Key, options: StepOptions, secrets: Secrets) -> None:
    name, authority = getattr(options, "secret", None), getattr(options, "ca", None)
    if name is not None:
        try:
            secrets.read(name)
        except SecretError as error:
            playbook.problem((*at, "secret"), str(error))
    if authority is not None and not (Path(authority).is_file() and os.access(authority, os.R_OK)):
        playbook.problem((*at, "ca"), f"{authority}: no such file, or not readable")


def _directory_trouble(directory: str) -> str:
    try:
        mode = Path(directory).stat().st_mode
    except OSError as error:
        return f"{directory}: {error.strerror}"
    if not stat.S_ISDIR(mode):
        return f"{directory}: not a directory"
    if mode & 0o007:
        return f"{directory}: others may look into it: chmod o= {directory}"
    return ""


def _look_at_outlets(config: Config, draft: Draft) -> None:
    tables = {owner.id: owner.table for owner in draft.owners}
    secrets = Secrets(Path(config.secrets) if config.secrets else None)
    for outlet in config.outlets:
        for key in ("secret", "sign", "unsubscribe_key"):
            name = getattr(outlet.options, key, None)
            if name is not None:
                try:
                    value = secrets.read(name)
                except SecretError as error:
                    tables[outlet.id].problem((key,), str(error))
                    continue
                if key == "secret" and outlet.options.secret_is_url and (words := trouble_of(value, one=True)):
                    tables[outlet.id].problem((key,), f"secret {in_quotes(name)}: {words}")
        look_at_files(tables[outlet.id], outlet.options)
        usable = Path(outlet.directory).is_dir() and os.access(outlet.directory, os.W_OK | os.X_OK)
        if outlet.directory and not usable:
            message = f"{outlet.directory}: no such directory, or not writable; create it for the daemon's user"
            tables[outlet.id].problem(("directory",), message)
