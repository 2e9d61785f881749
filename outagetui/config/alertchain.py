"""Reading `[[alert]]` and `[heartbeat]` of `outagetui.toml`: who is woken, and who hears that we are well."""

from outagetui.config.names import known_names
from outagetui.config.parsed import Draft, Placed
from outagetui.config.tables import HeartbeatTable, SettingsFile
from outagetui.config.tomlfile import Source
from outagetui.core import targets
from outagetui.core.model import Alert, Heartbeat
from outagetui.core.text import in_quotes
from outagetui.core.times import show_duration
from outagetui.machine.secrets import SecretError, Secrets

NO_FILE_NAME = "expected the name of a file in the secrets directory, without a slash"
NO_URL = "expected http://host/… or https://host/…, without user, password or spaces"


def look_at_alerts(settings: SettingsFile, source: Source) -> None:
    """Note every fault of the alert chain and the heartbeat that can be seen in this file alone."""
    seen: set[str] = set()
    before = 0.0
    for index, link in enumerate(settings.alert):
        at = ("alert", index)
        if link.name in seen:
            source.problem((*at, "name"), f'"{link.name}" is a link already; give each a name of its own')
        seen.add(link.name)
        if link.secret and not _is_file_name(link.secret):
            source.problem((*at, "secret"), NO_FILE_NAME)
        if link.after < before:
            words = f"must not be less than {show_duration(before)}, when the link ahead of it is used"
            source.problem((*at, "after"), f"{words}; put the links in the order of `after`")
        before = max(before, link.after)
    if settings.heartbeat is not None:
        _look_at_heartbeat(settings.heartbeat, source)


def _look_at_heartbeat(table: HeartbeatTable, source: Source) -> None:
    if (table.url is None) == (table.secret is None):
        words = "expected exactly one of url and secret: the address, or the name of the secret that holds it"
        source.problem(("heartbeat",), words)
    if table.url is not None and not is_web_address(table.url):
        source.problem(("heartbeat", "url"), NO_URL)
    if table.secret is not None and not _is_file_name(table.secret):
        source.problem(("heartbeat", "secret"), NO_FILE_NAME)
    if table.timeout > table.every:
        words = f"must be at most every ({show_duration(table.every)})"
        source.problem(("heartbeat", "timeout"), words)


def is_web_address(url: str) -> bool:
    """Whether the heartbeat can be sent to `url`."""
    return not targets.WEB.trouble(url)


def look_at_routes(draft: Draft) -> None:
    """Note every name in a link's `through` that means nothing."""
    if draft.settings is None:
        return
    known = {**draft.channels, **draft.outlets, **draft.checks}
    for index, link in enumerate(draft.settings.value.alert):
        placed: Placed[Alert] = Placed(link, draft.settings.source, ("alert", index))
        known_names(draft, placed, ("through",), link.through, known, "channel, outlet or check")


def look_at_alert_secrets(draft: Draft, secrets: Secrets) -> None:
    """Note every secret of the chain or the heartbeat that cannot be used on this machine."""
    assert draft.settings is not None
    for index, link in enumerate(draft.settings.value.alert):
        try:
            url = secrets.read(link.secret)
        except SecretError as error:
            draft.settings.problem(("alert", index, "secret"), str(error))
            continue
        from outagetui.alerts.apprise_program import trouble_of

        if words := trouble_of(url):
            draft.settings.problem(("alert", index, "secret"), f"secret {in_quotes(link.secret)}: {words}")
    heartbeat = draft.settings.value.heartbeat
    if heartbeat is not None and heartbeat.secret is not None:
        try:
            words = "" if is_web_address(secrets.read(heartbeat.secret)) else NO_URL
        except SecretError as error:
            words = str(error)
        if words:
            draft.settings.problem(("heartbeat", "secret"), words)


def heartbeat_of(settings: SettingsFile) -> Heartbeat | None:
    """Return where the heartbeat goes, None without one."""
    table = settings.heartbeat
    if table is None:
        return None
    return Heartbeat(url=table.url or "", secret=table.secret or "", every=table.every, timeout=table.timeout)


def _is_file_name(name: str) -> bool:
    return name not in ("", ".", "..") and "/" not in name
