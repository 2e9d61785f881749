"""What a step is: the base of all step options, which holds what the program knows of a kind beside its module."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from outagetui.core.kind import Kind
from outagetui.core.troubles import Trouble, secret_troubles
from outagetui.core.words import Why

if TYPE_CHECKING:
    from outagetui.core.model import Config

Word = Annotated[str, Meta(min_length=1)]


class StepOptions(Kind, frozen=True, kw_only=True):
    """Base of the `with` tables; a kind is acted by `module` in `actions/`, or by that of its name.

    `talks`: it does nothing but speak. `looks`: it only looks `within` a limit, and may be interrupted at any moment.
    `outside`: it acts outside or spends, so it asks before, unless said otherwise; `must_ask`: it cannot do otherwise.
    `asks` is the question that the step itself is, `says` what its words are for where it needs some, `shows` what
    leads to its preview. `leaves_nothing`: it needs no undo, or has a way back of its own; `takes_back`: it can be an
    undo. `undone_by` is the kind that undoes it with the same options. `announces`: its words go out through the
    outbox, which knows itself what did. `activates`: it makes backups active. `own`: runs have it, playbooks do not.
    `names` are keys that hold names, each with what of.
    """

    kinds: ClassVar[dict[str, type["StepOptions"]]] = {}
    module: ClassVar[str] = ""
    talks: ClassVar[bool] = False
    looks: ClassVar[bool] = False
    outside: ClassVar[bool] = False
    must_ask: ClassVar[bool] = False
    asks: ClassVar[Literal["", Why.MANUAL, Why.CHOOSE]] = ""
    says: ClassVar[str] = ""
    shows: ClassVar[str] = "This is what a yes does:"
    leaves_nothing: ClassVar[bool] = False
    takes_back: ClassVar[bool] = True
    undone_by: ClassVar[str] = ""
    announces: ClassVar[bool] = False
    activates: ClassVar[bool] = False
    own: ClassVar[bool] = False
    names: ClassVar[tuple[tuple[str, str], ...]] = ()

    def troubles(self) -> Iterator[Trouble]:
        """Yield what types alone cannot judge, each with its key."""
        if getattr(self, "secret", None):
            yield from secret_troubles(self, "secret")
        yield from self._wrong()

    def _wrong(self) -> Iterator[Trouble]:
        yield from ()

    def odd(self) -> Iterator[Trouble]:
        """Yield what can be meant and hardly ever is, each with its key."""
        yield from ()

    def meaning(self, config: "Config") -> dict[str, Any]:
        """Return as plain values what the names in the options mean: a run keeps it beside them."""
        return {}

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        """Return what the step will do, or nothing where its playbook says it.

        `names` are those of channels, outlets and (as `playbook ID`) playbooks; `facts` are what `meaning` returned.
        """
        return ""

    def limit(self) -> float | None:
        """Return how long the step may take (seconds) where its options say it."""
        return None

    def backups(self) -> tuple[str, ...]:
        """Return the channels whose standing it changes."""
        return ()

    def audiences(self) -> tuple[str, ...]:
        """Return whom it tells something."""
        return ()

    def part(self) -> str:
        """Return the id of the playbook that it stands for."""
        return ""


def backups_told(audience: str | None, config: "Config") -> dict[str, Any]:
    """Return as a step's facts which backups an audience learns of from it; nothing where it tells nobody."""
    if audience is None:
        return {}
    return {"told": [channel.id for channel in config.channels if channel.is_backup and channel.audience == audience]}


def way_back(options: StepOptions, what: str, **facts: Any) -> dict[str, Any]:
    """Return what takes a step back, as plain values, unless its playbook says something else."""
    back = {"do": options.word, "options": msgspec.to_builtins(options), "what": what}
    return back | {"facts": facts} if facts else back
