"""How practised a playbook is, in words and as a mark. Pure."""

from rich.style import Style

from outagetui.board.rows import PracticeRow
from outagetui.core.text import clean
from outagetui.tui.theme import Look
from outagetui.tui.time_words import age, time_of

MARKS = {"high": "■■■", "medium": "■■□", "low": "■□□", "none": "□□□"}


def confidence_mark(row: PracticeRow, look: Look) -> tuple[str, Style]:
    """Return the confidence as bars and word, as wide for each: `■■□ medium`."""
    word = clean(row.confidence, 10)
    style = {"high": look.good, "medium": look.text}.get(row.confidence, look.loud)
    return f"{MARKS.get(row.confidence, '?')} {word:<6}", style


def practice_words(row: PracticeRow, now: float, zone: str) -> str:
    """Return the confidence and why: when it was last run, how that went, and how long it took."""
    sure = f"Confidence {clean(row.confidence, 10)}"
    if row.at is None:
        return f"{sure}: never run, neither for real nor in a drill"
    where = "drilled" if row.where == "drill" else "run for real"
    took = f"{clean(row.state, 12)} {'in' if row.state == 'done' else 'after'} {age(row.seconds)}"
    words = [f"{sure}: {where} {time_of(row.at, now, zone)}", took]
    mishaps = (row.failed, "failed"), (row.skipped, "left out")
    words += [f"{count} step{'s' * (count != 1)} {what}" for count, what in mishaps if count]
    words += ["changed since"] if row.changed else []
    return ", ".join(words)
