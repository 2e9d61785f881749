"""The steps of a run as lines. Pure."""

from rich.style import Style
from rich.text import Text

from outagetui.board.rows import Board, RunRow, StepRow
from outagetui.core.model import State
from outagetui.core.text import clean, clean_lines
from outagetui.core.words import STEP_ASKS, STEP_ENDED, RunState, StepState
from outagetui.tui.theme import Look
from outagetui.tui.time_words import age, second_of
from outagetui.tui.widgets.lines import Part, behind, cut, joined, paragraph, sides, wrapped

STEPS: dict[str, tuple[str, str]] = {  # the sign of a step's state, and what it means
    StepState.WAITING: ("○", "its turn has not come"),
    StepState.ASKING: ("▶", "waits for an operator's answer"),
    StepState.DOING: ("◆", "is being done"),
    StepState.DONE: ("✔", "was done"),
    StepState.FAILED: ("✗", "was tried and did not work"),
    StepState.SKIPPED: ("–", "was left out by an operator"),
    StepState.UNDONE: ("←", "was done and taken back"),
    StepState.UNSURE: ("?", "was begun; nobody knows whether it happened"),
}
RUNS: dict[str, str] = {
    RunState.RUNNING: "◆",
    RunState.ASKING: "▶",
    RunState.DONE: "✔",
    RunState.FAILED: "✗",
    RunState.ABORTED: "■",
}
LEFT = ("○", "NOT DONE")  # a step whose turn never came, or whose question nobody answered before the run ended
INDENT = 14
TAIL = 4  # lines of what a step prints that are shown unless all are asked for
PRINTED = 20_000  # characters of it that are shown at most


def run_mark(run: RunRow, look: Look) -> Part:
    """Return a run's state as glyph and word."""
    if run.ended is not None and run.state in (RunState.RUNNING, RunState.ASKING):
        return "■ ENDED", look.dim
    return f"{RUNS.get(run.state, '?')} {clean(run.state, 12).upper()}", step_style(run.state, look)


def run_title(run: RunRow, now: float, width: int, look: Look) -> Text:
    """Return the first line of a run: name, state, and how long it has been going."""
    name = joined((clean(run.name, 120), look.strong), ("  run " + clean(run.id, 12), look.dim))
    return sides(name, joined(run_mark(run, look), (f"  {age((run.ended or now) - run.started)}", look.text)), width)


def run_facts(run: RunRow, zone: str, width: int, look: Look, end: Text) -> Text:
    """Return the second line of a run: how far it is, who started it and when, and `end` at the right."""
    over = sum(step.state in STEP_ENDED for step in run.steps)
    starter = clean(run.started_by or run.actor, 40)
    words = f"{over} of {len(run.steps)} steps over, started {second_of(run.started, zone)} by {starter}"
    if run.started_by and run.started_by != run.actor:
        words += f", taken over by {clean(run.actor, 40)}"
    if run.ended is not None:
        words = f"ended {second_of(run.ended, zone)}, {words}"
    if run.stands_down:
        words = f"stands down {clean(run.stands_down, 12)}; {words}"
    return sides(joined((words, look.dim)), end, width)


def step_lines(run: RunRow, number: int, board: Board, width: int, look: Look, *, unfolded: bool) -> list[Text]:
    """Return what there is to say of one step: state, what, who and when, what came of it, and what it printed.

    Steps are counted from 1. `unfolded`: all that was printed, not the last lines only.
    """
    step = run.steps[number - 1]
    (glyph, _), word = STEPS.get(step.state, ("?", "")), clean(step.state, 9).upper()
    style = step_style(step.state, look)
    if run.ended is not None and step.state in (StepState.WAITING, StepState.ASKING):
        (glyph, word), style = LEFT, look.dim
    words = look.dim if step.state in (StepState.WAITING, StepState.SKIPPED) else look.text
    again = f" (try {step.attempt})" if step.attempt > 1 else ""
    when = ""
    if step.at is not None:
        actor = clean(step.actor, 20)
        doing = step.state == StepState.DOING
        when = age(board.at - step.at) if doing else f"{second_of(step.at, board.timezone)} {actor}".rstrip()
    end = joined((when, look.dim))
    head = joined((f" {glyph} {word:<8}", style), (f"{number:>2} ", look.dim))
    title = wrapped(joined((clean(step.title or step.id) + again, words)), width - INDENT - max(8, end.cell_len) - 2)
    first, *lines = behind(head, title)
    lines.insert(0, sides(first, end, width))
    if step.detail:
        lines += paragraph(
            step.detail, width, look.key if step.state == StepState.DOING else look.dim, INDENT, limit=1000
        )
    return lines + (_printed(step, width, look, unfolded=unfolded) if step.output else [])


def _printed(step: StepRow, width: int, look: Look, *, unfolded: bool) -> list[Text]:
    """Return what a step printed: its last lines while it matters what they say, else how many there are."""
    printed = clean_lines(step.output.rstrip(), PRINTED).split("\n")
    edge = joined(" " * INDENT, ("│ ", look.rule))
    room = width - INDENT - 2
    if unfolded:
        return [joined(edge, row) for line in printed for row in wrapped(joined((line, look.text)), room)]
    count = f"{len(printed)} line{'s' * (len(printed) != 1)}"
    if step.state not in (StepState.DOING, StepState.FAILED, *STEP_ASKS):
        return [joined(" " * INDENT, (f"printed {count}; o shows them", look.dim))]
    shown = [joined(edge, cut(joined((line, look.text)), room)) for line in printed[-TAIL:]]
    more = [joined(" " * INDENT, (f"the last of {count}; o shows all", look.dim))] if len(printed) > TAIL else []
    return more + shown


def current_step(run: RunRow) -> StepRow | None:
    """Return the step that asks or is being done; none of a run that has ended."""
    if run.ended is not None:
        return None
    return run.asking or next((step for step in run.steps if step.state == StepState.DOING), None)


def step_style(state: str, look: Look) -> Style:
    """Return the style of the state of a step or of a run."""
    styles: dict[str, Style] = {
        StepState.ASKING: look.ask,
        StepState.UNSURE: look.ask,
        StepState.DOING: look.key,
        RunState.RUNNING: look.key,
        StepState.DONE: look.good,
        StepState.FAILED: look.states[State.DOWN],
        RunState.ABORTED: look.states[State.PARTIAL],
    }
    return styles.get(state, look.dim)
