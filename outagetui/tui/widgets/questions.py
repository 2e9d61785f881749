"""The question a run asks, as lines: why, what, what would be sent or done, and the answers with their keys. Pure."""

from msgspec import Struct
from rich.text import Text

from outagetui.board.rows import RunRow, StepRow
from outagetui.core.model import SHORTEST_HASH
from outagetui.core.step_options import StepOptions
from outagetui.core.text import clean
from outagetui.core.words import Why
from outagetui.tui.theme import Look
from outagetui.tui.time_words import age
from outagetui.tui.widgets.lines import behind, flowing, joined, paragraph, said, sides, wrapped

# The key of each answer and what it says; a manual step's answers read differently from a confirmation's.
KEYS = {
    "yes": ("y", "yes, do it"),
    "done": ("y", "done"),
    "failed": ("f", "failed"),
    "retry": ("r", "try again"),
    "again": ("r", "ask anew"),
    "words": ("e", "add words that people read"),
    "skip": ("S", "skip it"),
    "undo": ("u", "take it back"),
    "break-glass": ("!", "go on alone"),
    "abort": ("x", "end the run"),
}
WORDS = "words"  # not an answer that settles it: people read more
APPROVE = "approve"  # no answer but an order of its own, which names the hash
ASKED: dict[str, str] = {
    Why.CONFIRM: "MAY I DO THIS?",
    Why.MANUAL: "YOUR TURN",
    Why.CHOOSE: "WHICH WAY?",
    Why.APPROVE: "TWO PEOPLE HAVE TO AGREE",
    Why.FAILED: "THIS FAILED. WHAT NOW?",
    Why.UNSURE: "UNSURE WHETHER THIS HAPPENED",
}


class Choice(Struct, frozen=True):
    """An answer, the key that gives it (empty where there are no keys left) and what it says."""

    answer: str
    key: str
    words: str


class Asker(Struct, frozen=True):
    """Who looks at the question: their role, their name as the daemon knows it (may be empty), and when."""

    role: str
    actor: str
    now: float


def why_asked(step: StepRow) -> str:
    """Return why a step asks: confirm, manual, choose, approve, failed or unsure; told by the answers if not said."""
    if step.why in ASKED:
        return step.why
    if "yes" in step.answers:
        return Why.CONFIRM
    if not step.answers or {"retry", "done"} <= set(step.answers):
        return Why.UNSURE
    return Why.FAILED if "retry" in step.answers else Why.MANUAL


def in_time(step: StepRow, now: float) -> bool:
    """Return whether a question for a second person can still be approved."""
    return bool(step.hash) and (step.until is None or now <= step.until)


def may_be_second(run: RunRow, step: StepRow, asker: Asker) -> bool:
    """Return whether this user may be the second person, as far as a screen can know; the daemon decides."""
    mine = bool(asker.actor) and asker.actor in (run.actor, run.started_by)
    return asker.role == "approver" and not mine and in_time(step, asker.now)


def choices(step: StepRow, *, second: bool = False) -> list[Choice]:
    """Return the answers that the question takes, with their keys; `second`: this user may approve it."""
    found = [Choice(APPROVE, "y", "approve exactly this")] if second and why_asked(step) == Why.APPROVE else []
    words = dict(line.partition(": ")[::2] for line in step.preview.splitlines()) if step.why == Why.CHOOSE else {}
    number = 0
    for answer in step.answers:
        if answer == "done" and why_asked(step) == Why.UNSURE:
            found.append(Choice(answer, "d", "it did happen"))
        elif answer in KEYS:
            found.append(Choice(answer, *KEYS[answer]))
        else:
            number += 1
            key = str(number) if number <= 9 else ""
            found.append(Choice(answer, key, clean(words.get(answer) or answer, 200)))
    return found


def question_lines(step: StepRow, width: int, look: Look, *, long: int = 0) -> list[Text]:
    """Return the head of the panel that asks: why, and what; `long` is how many lines a text has that must scroll."""
    why = why_asked(step)
    lines = [sides(joined((f" {ASKED[why]} ", look.ask)), joined((clean(step.id, 30), look.dim)), width)]
    lines += paragraph(step.question or step.title, width, look.strong, limit=600)[:4]
    if step.detail and why in (Why.FAILED, Why.UNSURE):
        lines += paragraph(step.detail, width, look.text, limit=400)[:2]
    if shows_preview(step):
        more = joined((f"PgUp PgDn: all {long} lines", look.key)) if long else Text()
        lines.append(sides(joined((_what_follows(step), look.dim)), more, width))
    return lines


def shows_preview(step: StepRow | None) -> bool:
    """Return whether the step asks for something that can be read beforehand."""
    return step is not None and bool(step.preview) and why_asked(step) in (Why.CONFIRM, Why.APPROVE)


def preview_lines(step: StepRow, width: int, look: Look) -> list[Text]:
    """Return what a yes will send or do, word for word."""
    return paragraph(step.preview, width, look.text, indent=2, limit=20_000)


def answer_lines(
    run: RunRow, step: StepRow, sent: str, note: str, asker: Asker, width: int, look: Look, *, unread: int = 0
) -> list[Text]:
    """Return the foot of the panel that asks: the answers with their keys, or what was sent.

    `unread` is how many lines of what a yes will do were not in sight yet.
    """
    lines = wrapped(joined(("note: ", look.dim), said(note, look.text)), width)[:2] if note else []
    if why_asked(step) == Why.APPROVE:
        lines += _approval(run, step, asker, width, look)
    if sent:
        lines.append(said(f"sent: {sent}. Waiting for the journal…", look.key))
    elif not step.answers:
        lines.append(said("The daemon will ask what to do as soon as it runs again.", look.dim))
    elif asker.role == "viewer":
        lines.append(said("You are a viewer: an operator has to answer.", look.dim))
    else:
        lines += _choices(run, step, asker, width, look, unread)
    return lines


def _what_follows(step: StepRow) -> str:
    if why_asked(step) == Why.APPROVE:
        return "Exactly this will be done:"
    kind = StepOptions.of(step.do)
    if kind.announces:
        return f"{'Staff' if ' to staff' in step.title else 'Customers'} will read:"
    return kind.shows


def _approval(run: RunRow, step: StepRow, asker: Asker, width: int, look: Look) -> list[Text]:
    """Return what two people need to agree: the hash they compare, how long it stands, and whose turn it is."""
    short = clean(step.hash[:SHORTEST_HASH], SHORTEST_HASH)
    left = "" if step.until is None else f"{age(step.until - asker.now)} left"
    if not in_time(step, asker.now):
        return wrapped(joined(("Nobody approved it in time. ", look.loud), ("r asks anew.", look.text)), width)
    head = sides(joined(("hash ", look.dim), (short, look.strong)), joined((left, look.text)), width)
    if may_be_second(run, step, asker):
        words = joined(("You can be the second person: read all of it, compare the hash, then y.", look.text))
    else:
        order = f"outagetui approve {clean(run.id, 12)} {clean(step.id, 64)} {short}"
        words = joined(("Waits for another approver: ", look.dim), (order, look.text))
    return [head, *wrapped(words, width)]


def _choices(run: RunRow, step: StepRow, asker: Asker, width: int, look: Look, unread: int) -> list[Text]:
    rows: list[Text] = []
    found = choices(step, second=may_be_second(run, step, asker))
    named = [choice for choice in found if choice.answer not in (*KEYS, APPROVE)]
    for choice in named:
        head, *rest = wrapped(said(choice.words, look.text), width - 5)
        key = joined((f"{choice.key or '-':>3}  ", look.key if choice.key else look.dim))
        order = f"outagetui answer {run.id} {step.id} {choice.answer}"
        tail = "" if choice.key else f"  ({clean(order, 160)})"
        rows += behind(key, [joined(head, (tail, look.dim)), *rest])
    first = f"read all ({unread} more line{'s' * (unread != 1)}: PgDn), then " if unread else ""
    letters = [
        (each.key, f"{first}{each.words}" if each.key == "y" else each.words) for each in found if each not in named
    ]
    letters.append(("n", "journal note"))
    return rows + flowing((joined((letter, look.key), f" {words}") for letter, words in letters), width, 4)
