"""A configuration directory to one `Config`, or every fault in it."""

import os
from pathlib import Path

from outagetui.config.alertchain import heartbeat_of
from outagetui.config.checkfiles import read_check_files
from outagetui.config.commandfile import commands_of
from outagetui.config.contactsfile import read_contacts
from outagetui.config.defaults import host_name, system_timezone, vantage_name
from outagetui.config.parsed import Draft, Owner
from outagetui.config.places import default_store
from outagetui.config.playbookfiles import read_playbooks
from outagetui.config.problems import ConfigError
from outagetui.config.references import look_at_references
from outagetui.config.settings import read_audience, read_settings, refuse_strangers, thresholds
from outagetui.config.tables import ChannelTable, OutletTable
from outagetui.config.templates import read_templates
from outagetui.core.copies import copied
from outagetui.core.model import AUDIENCES, Channel, Config, Keep, Outlet


def load(directory: Path) -> Config:
    """Return the configuration in `directory`. Raises `ConfigError` with all problems of all files.

    Secrets are neither looked for nor read.
    """
    return config_of(read(directory))


def read(directory: Path) -> Draft:
    """Read every file of `directory`; problems are in the draft's report, shown with `directory` as it is given."""
    draft = Draft(directory)
    try:
        draft.files = frozenset(path.name for path in directory.iterdir())
    except NotADirectoryError:
        draft.report.add(str(directory), 0, "", "not a directory; name one that holds outagetui.toml and checks/")
        return draft
    except OSError as error:
        draft.report.add(str(directory), 0, "", f"cannot be read: {error.strerror}")
        return draft
    read_settings(draft)
    refuse_strangers(draft)
    read_check_files(draft)
    read_audience(draft)
    read_contacts(draft)
    read_playbooks(draft)
    read_templates(draft)
    look_at_references(draft)
    return draft


def config_of(draft: Draft) -> Config:
    """Return what `draft` says. Raises `ConfigError` with all problems that were found while it was read."""
    if problems := draft.report.problems:
        raise ConfigError(problems)
    assert draft.settings is not None
    settings = draft.settings.value
    store = settings.store.path
    return copied(
        Config,
        settings,
        directory=str(draft.directory.resolve()),
        store=draft.beside(store) if store else default_store(draft.directory, os.environ),
        keep=Keep(settings.store.keep, settings.store.max),
        secrets=draft.beside(settings.secrets.directory) if settings.secrets else None,
        business=settings.business or host_name(),
        vantage=settings.vantage or vantage_name(),
        timezone=settings.timezone or system_timezone(os.environ),
        fail_back=settings.fail_back.up_for,
        update_every=settings.announce.update_every,
        reach={audience: thresholds(settings, audience) for audience in AUDIENCES},
        canaries=tuple(draft.canaries),
        operators=settings.operator,
        channels=tuple(_channel(owner, owner.channel) for owner in draft.owners if owner.channel),
        outlets=tuple(_outlet(draft, owner, owner.outlet) for owner in draft.owners if owner.outlet),
        segments=tuple(each.value for each in draft.segments),
        contacts=tuple(each.value for each in draft.contacts),
        playbooks=tuple(each.value for each in draft.playbooks.values()),
        templates=tuple(draft.templates[key] for key in sorted(draft.templates)),
        alerts=settings.alert,
        heartbeat=heartbeat_of(settings),
        commands=commands_of(settings.command),
    )


def _channel(owner: Owner, table: ChannelTable) -> Channel:
    return copied(
        Channel,
        table,
        id=owner.id,
        well_known=table.known,
        checks=tuple(check.value for check in owner.checks),
    )


def _outlet(draft: Draft, owner: Owner, table: OutletTable) -> Outlet:
    return copied(
        Outlet,
        table,
        id=owner.id,
        directory=draft.beside(table.directory) if table.directory else "",
        options=draft.whole(owner.options),
        checks=tuple(check.value for check in owner.checks),
    )
