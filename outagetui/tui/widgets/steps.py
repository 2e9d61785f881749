"""The steps of a run, and the question it asks, as lines. Pure."""

from rich.style import Style
from rich.text import Text

from outagetui.model import State
from outagetui.rows import RunRow, StepRow
from outagetui.text import clean
from outagetui.tui.theme import Look
from outagetui.tui.widgets.ink import Part, joined, paragraph, said, sides, wrapped
from outagetui.tui.widgets.moment import age, second_of

MARKS = {
    "waiting": ("○", "WAITING"),
    "asking": ("▶", "ASKING"),
    "doing": ("◆", "DOING"),
    "done": ("✔", "DONE"),
    "failed": ("✗", "FAILED"),
    "skipped": ("–", "SKIPPED"),
    "undone": ("←", "UNDONE"),
    "unsure": ("?", "UNSURE"),
}
RUN_MARKS = {
    "running": ("◆", "RUNNING"),
    "asking": ("▶", "ASKING"),
    "done": ("✔", "DONE"),
    "failed": ("✗", "FAILED"),
    "aborted": ("■", "ABORTED"),
}
ENDED = ("■", "ENDED")
LEFT = ("○", "NOT DONE")  # a step whose turn never came, or whose question nobody answered before the run ended
# The key of each answer and what it says; a manual step's answers read differently from a confirmation's.
KEYS = {
    "yes": ("y", "yes, do it"),
    "done": ("y", "done"),
    "failed": ("f", "failed"),
    "retry": ("r", "try again"),
    "skip": ("S", "skip it"),
    "undo": ("u", "take it back"),
    "abort": ("x", "end the run"),
}
ASKED = {
    "confirm": "MAY I DO THIS?",
    "manual": "YOUR TURN",
    "failed": "THIS FAILED. WHAT NOW?",
    "unsure": "UNSURE WHETHER THIS HAPPENED",
}
INDENT = 14


def why_asked(step: StepRow) -> str:
    """Return why a step asks, as its answers tell: confirm, manual, failed or unsure."""
    if "yes" in step.answers:
        return "confirm"
    if not step.answers or {"retry", "done"} <= set(step.answers):
        return "unsure"
    return "failed" if "retry" in step.answers else "manual"


def key_of(step: StepRow, answer: str) -> tuple[str, str]:
    """Return the key and the words of an answer to the step's question."""
    if answer == "done" and why_asked(step) == "unsure":
        return "d", "it did happen"
    return KEYS.get(answer, ("", clean(answer, 20)))


def run_mark(run: RunRow, look: Look) -> Part:
    """Return a run's state as glyph and word."""
    glyph, word = RUN_MARKS.get(run.state, ("?", clean(run.state, 12).upper()))
    if run.ended is not None and run.state in ("running", "asking"):
        return f"{ENDED[0]} {ENDED[1]}", look.dim
    return f"{glyph} {word}", step_style(run.state, look)


def run_title(run: RunRow, now: float, width: int, look: Look) -> Text:
    """Return the first line of a run: name, state, and how long it has been going."""
    name = joined((clean(run.name, 120), look.strong), ("  run " + clean(run.id, 12), look.dim))
    return sides(name, joined(run_mark(run, look), (f"  {age((run.ended or now) - run.started)}", look.text)), width)


def run_facts(run: RunRow, zone: str, width: int, look: Look, end: Text) -> Text:
    """Return the second line of a run: how far it is, who started it and when, and `end` at the right."""
    over = sum(step.state in ("done", "skipped", "undone", "failed") for step in run.steps)
    words = f"{over} of {len(run.steps)} steps over, started {second_of(run.started, zone)} by {clean(run.actor, 40)}"
    if run.ended is not None:
        words = f"ended {second_of(run.ended, zone)}, {words}"
    if run.stands_down:
        words = f"stands down {clean(run.stands_down, 12)}; {words}"
    return sides(joined((words, look.dim)), end, width)


def step_lines(
    step: StepRow, number: int, now: float, zone: str, width: int, look: Look, *, ended: bool = False
) -> list[Text]:
    """Return what there is to say of one step: state, what, who and when, and what came of it.

    Nothing of a run that has `ended` still asks or waits.
    """
    glyph, word = MARKS.get(step.state, ("?", clean(step.state, 9).upper()))
    style = step_style(step.state, look)
    if ended and step.state in ("waiting", "asking"):
        (glyph, word), style = LEFT, look.dim
    words = look.dim if step.state in ("waiting", "skipped") else look.text
    again = f" (try {step.attempt})" if step.attempt > 1 else ""
    when = age(now - step.at) if step.state == "doing" and step.at is not None else _when(step, zone)
    end = joined((when, look.dim))
    head = joined((f" {glyph} {word:<8}", style), (f"{number:>2} ", look.dim))
    title = wrapped(joined((clean(step.title or step.id) + again, words)), width - INDENT - max(8, end.cell_len) - 2)
    lines = [sides(joined(head, title[0]), end, width)]
    lines += [joined(" " * INDENT, line) for line in title[1:]]
    if step.detail:
        lines += paragraph(step.detail, width, look.key if step.state == "doing" else look.dim, INDENT, limit=1000)
    return lines


def current_step(run: RunRow) -> StepRow | None:
    """Return the step that asks or is being done; none of a run that has ended."""
    if run.ended is not None:
        return None
    return run.asking or next((step for step in run.steps if step.state == "doing"), None)


def question_lines(step: StepRow, width: int, look: Look, *, long: int = 0) -> list[Text]:
    """Return the head of the panel that asks: why, and what; `long` is how many lines a text has that must scroll."""
    why = why_asked(step)
    lines = [sides(joined((f" {ASKED[why]} ", look.ask)), joined((clean(step.id, 30), look.dim)), width)]
    lines += paragraph(step.question or step.title, width, look.strong, limit=600)[:4]
    if step.detail and why in ("failed", "unsure"):
        lines += paragraph(step.detail, width, look.text, limit=400)[:2]
    if shows_preview(step):
        more = joined((f"PgUp PgDn: all {long} lines", look.key)) if long else Text()
        lines.append(sides(joined((f"{_readers(step)} will read:", look.dim)), more, width))
    return lines


def shows_preview(step: StepRow | None) -> bool:
    """Return whether the step asks to send a text that can be read beforehand."""
    return step is not None and bool(step.preview) and why_asked(step) == "confirm"


def preview_lines(step: StepRow, width: int, look: Look) -> list[Text]:
    """Return what a yes will send, word for word."""
    return paragraph(step.preview, width, look.text, indent=2, limit=20_000)


def answer_lines(step: StepRow, sent: str, note: str, role: str, width: int, look: Look) -> list[Text]:
    """Return the foot of the panel that asks: the answers with their keys, or what was sent."""
    lines = wrapped(joined(("note: ", look.dim), said(note, look.text)), width)[:2] if note else []
    if sent:
        lines.append(said(f"sent: {sent}. Waiting for the journal…", look.key))
    elif not step.answers:
        lines.append(said("The daemon will ask what to do as soon as it runs again.", look.dim))
    elif role == "viewer":
        lines.append(said("You are a viewer: an operator has to answer.", look.dim))
    else:
        lines += _choices(step, width, look)
    return lines


def _readers(step: StepRow) -> str:
    return "Staff" if " to staff" in step.title else "Customers"


def _choices(step: StepRow, width: int, look: Look) -> list[Text]:
    rows = [Text()]
    for key, words in [*(key_of(step, answer) for answer in step.answers), ("n", "add a note")]:
        choice = joined((key, look.key), f" {words}")
        if rows[-1].plain and rows[-1].cell_len + 4 + choice.cell_len > width:
            rows.append(Text())
        rows[-1] = joined(rows[-1], "    ", choice) if rows[-1].plain else choice
    return rows


def _when(step: StepRow, zone: str) -> str:
    if step.at is None:
        return ""
    return f"{second_of(step.at, zone)} {clean(step.actor, 20)}".rstrip()


def step_style(state: str, look: Look) -> Style:
    """Return the style of the state of a step or of a run."""
    styles = {
        "asking": look.ask,
        "unsure": look.ask,
        "doing": look.key,
        "running": look.key,
        "done": look.good,
        "failed": look.state(State.DOWN),
        "aborted": look.state(State.PARTIAL),
    }
    return styles.get(state, look.dim)
