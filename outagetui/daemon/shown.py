"""What the daemon tells the screens of its configuration: the copy it writes into the store."""

from outagetui.fate import Fate
from outagetui.live import Public, PublicPlaybook, public
from outagetui.model import Config
from outagetui.playbook.plan import plan
from outagetui.step_options import ChannelsOptions


def shown(config: Config, drill: str, fates: tuple[Fate, ...]) -> Public:
    """Return the public copy of `config`, with what every playbook's steps would do in words."""
    return public(config, _playbooks(config), drill, fates)


def _playbooks(config: Config) -> tuple[PublicPlaybook, ...]:
    return tuple(
        PublicPlaybook(
            id=book.id,
            name=book.name,
            summary=book.summary,
            suggest=book.suggest,
            steps=tuple(step.what for step in plan(book, config)),
            activates=tuple(
                name
                for step in book.steps
                if step.do == "activate" and isinstance(step.options, ChannelsOptions)
                for name in step.options.channels
            ),
        )
        for book in config.playbooks
    )
