"""What an operator should know before an announcement is sent. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec import Struct

from outagetui.core.announcement_kinds import CLOSING_KINDS
from outagetui.core.model import BAD, GOOD, Channel, Config, Outlet, State
from outagetui.core.text import clean, listed
from outagetui.core.urls import read_url
from outagetui.facts.events import AnnouncementMade
from outagetui.wording.counting import price
from outagetui.wording.delivery import Fitted
from outagetui.wording.neutral import neutral
from outagetui.wording.preview import Caution

OUTAGE = ("investigating", "identified", "backup-active", "update")  # kinds that say that something fails


class Known(Struct, frozen=True, kw_only=True):
    """What is known of channels and outlets now.

    `down` tells in words that an outlet's own checks say it is down, or nothing; `hosts` are the IP addresses behind
    channels and outlets, where somebody looked; `unreadable` is why an outlet's secret cannot be read; `supposed`
    tells that what is named is not active; `broken` are the backups whose last proof failed.
    """

    state_of: Callable[[str], State]
    down: Callable[[str], str]
    hosts: Mapping[str, Collection[str]] = {}
    unreadable: Mapping[str, str] = {}
    supposed: bool = False
    broken: Collection[str] = ()


def warnings_of(
    config: Config, made: AnnouncementMade, fitted: Mapping[str, Fitted], known: Known
) -> tuple[Caution, ...]:
    """Return the warnings, those on the announcement first; `fitted` are the words of each outlet."""
    found = [Caution("", words) for words in (*_of_facts(config, made, known), *_of_accounts(config, made, known))]
    failing = [channel for channel in config.channels if known.state_of(channel.id) in BAD]
    for outlet in config.outlets:
        if outlet.id in fitted:
            words = (
                *_of_state(outlet, known),
                *_of_place(outlet, failing, known),
                *_of_text(outlet, fitted[outlet.id], [name for name, _ in made.accounts]),
                *_of_corrections(config, made, fitted[outlet.id]),
            )
            found += [Caution(outlet.id, each) for each in words]
    return tuple(found)


def outlook(config: Config, made: AnnouncementMade, down: Collection[str], known: Known) -> str:
    """Return in a line to how many of its outlets a part goes and why not to those that are `down`, and what is odd.

    Empty when it goes everywhere and nothing is odd.
    """
    said = [*_of_facts(config, made, known), *_of_accounts(config, made, known)]
    if down:
        names = listed([clean(outlet.name, 60) for outlet in config.outlets if outlet.id in down])
        be = "is" if len(down) == 1 else "are"
        said.insert(0, f"{len(made.outlets) - len(down)} of {len(made.outlets)} outlets; {names} {be} down")
    return "; ".join(said)


def _of_facts(config: Config, made: AnnouncementMade, known: Known) -> Iterable[str]:
    """Warn of an outage that is not seen now, and of an all-clear while something fails."""
    primaries = [each for each in config.channels if not each.is_backup and each.audience == made.audience]
    failing = [clean(each.name, 60) for each in primaries if known.state_of(each.id) in BAD]
    if made.kind in OUTAGE and primaries and all(known.state_of(each.id) in GOOD for each in primaries):
        yield f"no primary of {made.audience} fails now"
    elif made.kind in ("recovering", *CLOSING_KINDS) and failing:
        yield f"{listed(failing)} {'fails' if len(failing) == 1 else 'fail'} now"


def _of_accounts(config: Config, made: AnnouncementMade, known: Known) -> Iterable[str]:
    """Warn of accounts that are named and do not work, and of having none to name."""
    named = set(made.accounts)
    if known.supposed:
        names = [clean(name, 60) for name, _ in made.accounts]
        were = f"shown as if {listed(names)} {'was' if len(names) == 1 else 'were'}"
        yield f"no backup of {made.audience} is active: {were}; to send it, activate what is to be named"
    for channel in config.channels:
        if channel.audience == made.audience and (channel.name, channel.address) in named:
            state = known.state_of(channel.id)
            if state is not State.UP:
                yield f"{clean(channel.name, 60)} is named and is {state.value}"
            elif channel.id in known.broken:
                yield f"{clean(channel.name, 60)} is named, and its last proof failed"
    backups = [each for each in config.channels if each.is_backup and each.audience == made.audience]
    if not named and made.dead:
        yield f"no account is named: nothing that is active for {made.audience} works"
    elif not named and backups and made.kind not in CLOSING_KINDS:
        yield f"no account is named: no backup of {made.audience} is active"


def _of_state(outlet: Outlet, known: Known) -> Iterable[str]:
    down = known.down(outlet.id)
    state = known.state_of(outlet.id)
    if down:
        yield f"{down}: left out, unless it is tried on purpose"
    elif state in BAD:
        yield f"its checks say it is {state.value}"
    elif outlet.checks and state in (State.UNKNOWN, State.BLIND):
        yield "nothing is known of it now"
    if why := known.unreadable.get(outlet.id, ""):
        yield f"its secret cannot be read: {clean(why)}"


def _of_place(outlet: Outlet, failing: Iterable[Channel], known: Known) -> Iterable[str]:
    """Warn of an outlet that hangs on what a failing channel hangs on."""
    name = host_of(outlet.url)
    mine = set(known.hosts.get(outlet.id, ()))
    for channel in failing:
        names = {host_of(each) for check in channel.checks for each in (check.target, f"//{check.connect or ''}")}
        provider = channel.provider.casefold()
        shared = sorted(each for each in mine & set(known.hosts.get(channel.id, ())) if not _is_here(each))
        if name and name in names and not _is_here(name):
            yield f"it is on {name}, as is {channel.name}, which fails"
        elif name and provider and (name == provider or name.endswith(f".{provider}")):
            yield f"it is with {channel.provider}, as is {channel.name}, which fails"
        elif shared:
            yield f"it is on {shared[0]}, as is {channel.name}, which fails"


def _of_text(outlet: Outlet, text: Fitted, accounts: Collection[str]) -> Iterable[str]:
    if text.shortened:
        missing = [name for name in accounts if name not in text.names]
        without = f", without {', '.join(missing)}" if missing else ""
        yield f"shortened to {text.count} of {text.limit}{without}"
    cost = price(outlet.kind, text.text)
    if cost is not None:
        yield f"costs about ${cost:.3f}"


def _of_corrections(config: Config, made: AnnouncementMade, text: Fitted) -> Iterable[str]:
    """Warn of a text that leaves people with a way that does not work."""
    said = {*text.plain.split("\n")}
    for number, id in enumerate(made.dead):
        if not any(neutral(lines[number]) in said for lines in made.corrections.values()):
            channel = config.channel(id)
            yield f"does not say that {clean(channel.name if channel else id, 60)} does not work"


def host_of(target: str) -> str:
    """Return the host name or address that a target or URL names, in lower case; empty when it names none."""
    text = target if "//" in target else target.replace(":", "://", 1)
    try:
        return read_url(text).host
    except ValueError:
        return ""


def _is_here(host: str) -> bool:
    """Whether a name or address is this machine's usual one, behind which anything may stand."""
    return host in ("localhost", "127.0.0.1", "::1")
