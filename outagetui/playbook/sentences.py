"""What a step will do, in one sentence for people: one function a kind. Pure."""

from collections.abc import Callable
from typing import Any

from outagetui.core.step_options import AnnounceOptions, ChannelsOptions, StepOptions, WaitOptions
from outagetui.core.text import listed
from outagetui.playbook import chat_steps as chat
from outagetui.playbook import command_steps as programs
from outagetui.playbook import network_steps as wire


def sentence(
    do: str, options: StepOptions, names: dict[str, str], otherwise: str, facts: dict[str, Any] | None = None
) -> str:
    """Return what a step of kind `do` will do; `names` are those of channels and outlets, `facts` what names mean."""
    if do in _FROM_FACTS and facts is not None:
        return _FROM_FACTS[do](options, facts)
    tell = _SENTENCES.get(do)
    return tell(do, options, names) if tell else otherwise


def _tell_channels(do: str, options: Any, names: dict[str, str]) -> str:
    assert isinstance(options, ChannelsOptions)
    return f"{do} {listed([names.get(each, each) for each in options.channels])}"


def _tell_wait(do: str, options: Any, names: dict[str, str]) -> str:
    assert isinstance(options, WaitOptions)
    things = [*options.checks, *(names.get(each, each) for each in options.channels)]
    times = f", {options.times} times in a row" if options.times > 1 else ""
    verb = "verify that" if do == "verify" else "wait until"
    be = "are" if len(things) > 1 else "is"
    return f"{verb} {listed(things)} {be} {options.state}{times}, at most {span(options.within)}"


def _tell_announce(do: str, options: Any, names: dict[str, str]) -> str:
    assert isinstance(options, AnnounceOptions)
    places = listed([names.get(each, each) for each in options.outlets]) or f"every outlet for {options.audience}"
    return f"{do} {options.kind} to {options.audience} on {places}"


def _tell_spend(do: str, options: Any, names: dict[str, str]) -> str:
    return f"agree to what {names.get(options.channel, options.channel)} costs"


def _tell_playbook(do: str, options: Any, names: dict[str, str]) -> str:
    return f"go through the playbook {names.get(f'playbook {options.id}', options.id)}"


_SENTENCES: dict[str, Callable[[str, Any, dict[str, str]], str]] = {
    "activate": _tell_channels,
    "deactivate": _tell_channels,
    "verify": _tell_wait,
    "wait_for": _tell_wait,
    "announce": _tell_announce,
    "http": wire.tell_http,
    "dns.update": wire.tell_dns_update,
    "spend": _tell_spend,
    "playbook": _tell_playbook,
}


# Kinds whose sentence is told by what their names mean.
_FROM_FACTS: dict[str, Callable[[Any, dict[str, Any]], str]] = {
    "command": programs.sentence,
    "service": programs.sentence,
    **dict.fromkeys(chat.KINDS, chat.sentence),
}


def span(seconds: float) -> str:
    """Return a duration in its two largest units, such as `5 min` or `1 h 30 min`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:g} ms"
    rest = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
