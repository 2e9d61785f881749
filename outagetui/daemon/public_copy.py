"""What the daemon tells the screens of its configuration: the copy it writes into the store."""

from msgspec.structs import replace

from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.copies import copied
from outagetui.core.model import Config, Playbook
from outagetui.core.step_options import StepOptions
from outagetui.facts.common_fate import Fate
from outagetui.facts.events import StepPlan
from outagetui.facts.live import Public, PublicPlaybook, public
from outagetui.playbook.plan import digest, plan


def shown(config: Config, drill: str, fates: tuple[Fate, ...]) -> Public:
    """Return the public copy of `config`, with what every playbook's steps would do in words."""
    told = {template.kind for template in config.templates}
    kinds = tuple(kind for kind in ANNOUNCEMENT_KINDS if kind in told)
    return replace(public(config, _playbooks(config), drill, fates), kinds=kinds)


def _playbooks(config: Config) -> tuple[PublicPlaybook, ...]:
    return tuple(_playbook(book, plan(book, config)) for book in config.playbooks)


def _playbook(book: Playbook, steps: tuple[StepPlan, ...]) -> PublicPlaybook:
    activating = [step for step in steps if StepOptions.of(step.do).activates]
    activated = [name for step in activating for name in step.options.get("channels", ())]
    return copied(
        PublicPlaybook,
        book,
        steps=tuple(step.what for step in steps),
        activates=tuple(dict.fromkeys(activated)),
        tells=tuple(dict.fromkeys(audience for step in steps if (audience := _told(step)))),
        digest=digest(steps),
    )


def _told(step: StepPlan) -> str:
    """Return the audience that a step tells of the backups; empty where it tells nobody."""
    if StepOptions.of(step.do).announces:
        return str(step.options.get("audience", ""))
    return str(step.options.get("told") or "")
