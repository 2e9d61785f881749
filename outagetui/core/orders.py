"""The orders that an operator can give: of each its name, its fields, and the role that it needs.

`msgspec.to_builtins` makes of an order the document that goes over the order socket: `{"order": NAME, …fields}`, with
those fields that are not as they are by default.
"""

import re
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct
from msgspec.structs import asdict

from outagetui.core.drilled_book import DrilledBook
from outagetui.core.model import Audience

Do = Literal["retry", "skip", "edit"]  # what can be done about one delivery
LONGEST_NOTE = 500  # characters that the daemon keeps of an operator's words
ROLES = ("viewer", "operator", "approver")  # each may what those before it may


class OrderError(Exception):
    """An order that is refused; the message says why, in words for the operator."""


def _name(struct: str) -> str:
    return re.sub(r"(?<=.)(?=[A-Z])", "-", struct).lower()


class Order(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="order", tag=_name):
    """Base of all orders; `needs` is the least role that may give it, `takes` how many times an answer's usual time."""

    needs: ClassVar[str] = "operator"
    takes: ClassVar[float] = 1.0


def name_of(order: Order | type[Order]) -> str:
    """Return the name of an order, as it goes over the socket."""
    return str(order.__struct_config__.tag)


class Hello(Order, frozen=True):
    """Say that somebody is here, and ask for the role."""

    needs: ClassVar[str] = "viewer"


class Start(Order, frozen=True):
    """Begin a playbook, or stand a past run down."""

    playbook: str = ""
    stand_down: str = ""


class Answer(Order, frozen=True):
    """Answer the question that a step asks."""

    run: str
    step: str
    attempt: int
    answer: str
    note: str = ""


class Undoable(Order, frozen=True):
    """Ask which runs have something to take back, and which are doing so."""


class Approve(Order, frozen=True):
    """Allow what a step asks a second person about, told by its hash."""

    needs: ClassVar[str] = "approver"
    run: str
    step: str
    hash: str


class Take(Order, frozen=True):
    """Take a run over."""

    run: str


class Abort(Order, frozen=True):
    """Give a run up."""

    run: str


class Ack(Order, frozen=True):
    """Take the incident."""

    incident: str = ""
    note: str = ""


class Mute(Order, frozen=True):
    """Mute a channel or outlet for `seconds`; 0 ends it."""

    id: str
    seconds: float
    reason: str = ""


class Recheck(Order, frozen=True):
    """Probe a check, channel or outlet now; everything without an id."""

    id: str = ""


class Activate(Order, frozen=True):
    """Activate backups."""

    channels: tuple[str, ...]


class Deactivate(Order, frozen=True):
    """Put backups back to standby."""

    channels: tuple[str, ...]


class Told(Order, frozen=True):
    """Say that an audience was told by hand of a backup that is active."""

    channel: str
    audience: Audience
    reason: str = ""


class Announce(Order, frozen=True):
    """Tell an audience. The reply comes once it is journaled; what came of it is in the journal.

    `update` names the open announcement that it must belong to, which tells the audience too; `words` are own titles
    and bodies by outlet, `shown` what the preview that was agreed to said of itself: nothing else is sent then.
    `reason` is why a drill is announced where none is played.
    """

    kind: str = ""
    audience: Audience | None = None
    outlets: tuple[str, ...] = ()
    note: str = ""
    update: str = ""
    words: dict[str, tuple[str, str]] = {}
    shown: str = ""
    reason: str = ""

    def preview(self, *, suppose: bool = False) -> "Preview":
        """Return the order that shows what this one would send."""
        return Preview(**asdict(self), suppose=suppose)


class Preview(Announce, frozen=True):
    """Show what an announcement with the same fields would be; `suppose` backups to be active if none is."""

    suppose: bool = False


class Delivery(Order, frozen=True):
    """Try one outlet's part of an announcement again, leave it out, or send it in words of one's own."""

    announcement: str
    outlet: str
    do: Do
    part: int | None = None
    title: str = ""
    body: str = ""


class Retract(Order, frozen=True):
    """Take an announcement back from wherever it is."""

    announcement: str
    note: str = ""


class Trace(Order, frozen=True):
    """Look at the way to a channel, outlet, check, or else host. `ip` keeps to one version of IP."""

    target: Annotated[str, Meta(min_length=1, max_length=255)]
    ip: Literal[4, 6] | None = None


class Prove(Order, frozen=True):
    """Try backups from end to end now; all of them without `channels`."""

    channels: tuple[str, ...] = ()


class AlertTest(Order, frozen=True):
    """Send a test through one link of the alert chain, or through all without a name."""

    name: str = ""


class Accept(Order, frozen=True):
    """Accept the journal as it is, such as after a backup was put back, and say why."""

    reason: str


class Reload(Order, frozen=True):
    """Read the configuration again."""

    takes: ClassVar[float] = 6.0  # ten thousand checks, on a machine that is busy with them


class Fault(Order, frozen=True):
    """A drill tells what it did to its servers."""

    fault: str
    target: str


class Drilled(Order, frozen=True):
    """A drill that was played on this machine tells what came of it."""

    scenario: str
    books: Annotated[tuple[DrilledBook, ...], Meta(max_length=50)] = ()
    score: Annotated[int, Meta(ge=0, le=100)] | None = None


class Stop(Order, frozen=True):
    """End the daemon."""
