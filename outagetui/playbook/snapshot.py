"""What the names in a step's options mean in the configuration as it is now: kept in the run's snapshot. Pure."""

from collections.abc import Callable
from typing import Any

import msgspec

from outagetui.core.model import Config
from outagetui.core.step_options import ChannelsOptions, SpendOptions, StepOptions
from outagetui.playbook import chat_steps as chat
from outagetui.playbook.command_steps import of_command, of_service
from outagetui.playbook.network_steps import of_dns_update


def meaning(do: str, options: StepOptions, config: Config) -> dict[str, Any]:
    """Return as plain values what a step of kind `do` needs beside its options; empty for most kinds."""
    find = _MEANINGS.get(do)
    return find(options, config) if find else {}


def _of_standing(options: ChannelsOptions, config: Config) -> dict[str, Any]:
    """Return the backups' names as people know them."""
    return {"names": {channel.id: channel.name for channel in config.channels if channel.id in options.channels}}


def _of_spending(options: SpendOptions, config: Config) -> dict[str, Any]:
    """Return the channel's name and what it costs."""
    channel = next(channel for channel in config.channels if channel.id == options.channel)
    return {"name": channel.name, "cost": msgspec.to_builtins(channel.cost)}


_MEANINGS: dict[str, Callable[[Any, Config], dict[str, Any]]] = {
    "activate": _of_standing,
    "spend": _of_spending,
    **dict.fromkeys(chat.KINDS, chat.meaning),
    "command": of_command,
    "service": of_service,
    "dns.update": of_dns_update,
}
