"""What is kept of a playbook's rehearsal."""

from msgspec import Struct

from outagetui.core.bounds import Finite, Number


class DrilledBook(Struct, frozen=True, kw_only=True):
    """One playbook's last run in a drill: `digest` is that of what was run there, `ours` that of the playbook of this
    id in the configuration then (empty when there was none). `state` and the counts of steps are as in a run.
    """

    id: str
    digest: str
    state: str
    seconds: Finite
    failed: Number = 0
    skipped: Number = 0
    ours: str = ""
