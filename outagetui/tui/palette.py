"""The command palette (ctrl+p): every key's action of the screen in front, every channel, playbook and run."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Provider

from outagetui.core.text import clean
from outagetui.tui.widgets.story import Row

if TYPE_CHECKING:
    from outagetui.tui.app import OutageApp


class Entry(NamedTuple):
    """One thing to choose. `words` may hold outside text, `help` never does: the palette reads it as markup."""

    words: str
    help: str
    call: Callable[[], object]


class Everything(Provider):
    """Finds what can be done and looked at."""

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        """Offer all entries before anything is typed."""
        for entry in self._entries():
            yield DiscoveryHit(Text(entry.words), entry.call, text=entry.words, help=entry.help)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        """Offer the entries that match what was typed."""
        matcher = self.matcher(query)
        for entry in self._entries():
            score = matcher.match(entry.words)
            if score > 0:
                yield Hit(score, Text(entry.words), entry.call, text=entry.words, help=entry.help)

    def _entries(self) -> Iterator[Entry]:
        app = cast("OutageApp", self.app)
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.id or not binding.show or binding.id in seen:
                continue
            seen.add(binding.id)
            key = app.get_key_display(binding)
            call: Callable[[], object] = partial(app.run_action, binding.action, active.node)
            yield Entry(f"{binding.description} ({key})", binding.tooltip, call)
        board = app.board
        if board is None:
            return
        yield Entry(
            "announcement (w)",
            "Compose an announcement, see it as each outlet would show it, and send it",
            app.action_write,
        )
        for run in board.runs:
            if run.ended is None:
                yield Entry(f"run {clean(run.id)}: {clean(run.name)}", "Open the run", partial(app.open_run, run.id))
        for playbook in board.playbooks:
            call = partial(app.open_plan, playbook.id)
            yield Entry(f"playbook {clean(playbook.name)}", "Preview the playbook and start it", call)
        rows: tuple[Row, ...] = (*board.channels, *board.outlets)
        for row in rows:
            call = partial(app.open_channel, row.id)
            yield Entry(f"{clean(row.name)} ({clean(row.id)})", "Open everything about it", call)
