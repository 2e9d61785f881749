"""`outagetui runs`, and the orders that a run's questions are answered with."""

import time
from typing import Any

import click

from outagetui.board.owed import rest
from outagetui.board.rows import RunRow, StepRow
from outagetui.cli.common import source
from outagetui.cli.order_commands import give
from outagetui.cli.output import print_json
from outagetui.core.model import SHORTEST_HASH
from outagetui.core.orders import Abort, Answer, Approve, Take
from outagetui.core.text import clean, clean_lines
from outagetui.core.words import STEP_ENDED


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def runs(options: dict[str, str | None], as_json: bool) -> None:
    """List runs, newest first, with their steps and the questions they ask."""
    board = source(options).board(time.time())
    if as_json:
        print_json([run_document(run) for run in board.runs])
        return
    for run in board.runs:
        for line in run_lines(run):
            click.echo(line)


def run_document(run: RunRow) -> dict[str, Any]:
    """Return a run as `play --json` prints it, with the open question beside it."""
    asking = run.asking
    return {
        "run": run.id,
        "playbook": run.playbook,
        "state": run.state,
        "actor": run.actor,
        "started_by": run.started_by,
        "stands_down": run.stands_down,
        "changed": run.changed,
        "steps": [
            {"id": step.id, "state": step.state, "outcome": _outcome(step.state), "detail": clean(step.detail)}
            for step in run.steps
        ],
        "left": None
        if run.left is None
        else {"active": list(run.left.active), "untold": list(run.left.untold), "rest": list(_rest(run))},
    } | (
        {
            "question": {
                "step": asking.id,
                "attempt": asking.attempt,
                "words": clean(asking.question),
                "answers": list(asking.answers),
            }
            | ({"preview": clean_lines(asking.preview)} if asking.preview else {})
            | ({"hash": asking.hash, "until": asking.until} if asking.hash else {})
        }
        if asking is not None
        else {}
    )


def _rest(run: RunRow) -> tuple[str, ...]:
    return rest(run.id, run.playbook, run.stands_down)


def left_lines(run: RunRow) -> list[str]:
    """Return what a run that ended early left half done, and the commands for the rest; nothing of others."""
    if run.left is None:
        return []
    return [f"  left half done: {run.left.words}", *(f"    {command}" for command in _rest(run))]


def _outcome(state: str) -> str | None:
    return state if state in STEP_ENDED else None


def run_lines(run: RunRow) -> list[str]:
    """Return a run for people."""
    owner = f", taken from {clean(run.started_by, 40)}" if run.started_by not in ("", run.actor) else ""
    out = [f"{run.id} {clean(run.name)}: {run.state} ({clean(run.actor, 40)}{owner})"]
    if run.changed:
        out.append("  the playbook's file has changed since; the run goes on with the steps it began with")
    for step in run.steps:
        detail = f": {clean(step.detail)}" if step.detail else ""
        out.append(f"  {step.state:8} {step.id}{detail}")
    asking = run.asking
    if asking is not None:
        out += asking_lines(run.id, asking)
    return out + left_lines(run)


def asking_lines(run: str, asking: StepRow) -> list[str]:
    """Return a question for people: what it is, what a yes would do, and what to type."""
    out = [f"  asks: {clean(asking.question)}"]
    out += [f"    | {line}" for line in clean_lines(asking.preview).splitlines()]
    if asking.hash:
        out.append(f"    outagetui approve {run} {asking.id} {asking.hash[:SHORTEST_HASH]}   (another approver)")
    for answer in asking.answers:
        note = {"break-glass": ' --note "why I go on alone"', "words": ' --note "what people read too"'}.get(answer, "")
        out.append(f"    outagetui answer {run} {asking.id} {answer}{note}")
    return out


@click.command()
@click.argument("run")
@click.argument("step")
@click.argument("answer_", metavar="ANSWER")
@click.option("--note", default="", help="A remark for the journal; with words, what people read too.")
@click.option("--attempt", type=int, help="Refuse unless the question is of this attempt (default: the open one).")
@click.pass_obj
def answer(options: dict[str, str | None], run: str, step: str, answer_: str, note: str, attempt: int | None) -> None:
    """Answer the question of a run's step."""
    if attempt is None:
        board = source(options).board(time.time())
        row = next((s for r in board.runs if r.id == run for s in r.steps if s.id == step), None)
        attempt = row.attempt if row is not None else 0
    give(options, Answer(run=run, step=step, attempt=attempt, answer=answer_, note=note))
    click.echo(f"{run} {step}: answered {answer_}; see: outagetui runs")


@click.command()
@click.argument("run")
@click.pass_obj
def abort(options: dict[str, str | None], run: str) -> None:
    """Give a run up; a step in progress finishes first."""
    give(options, Abort(run=run))
    click.echo(f"{run} is given up; what it did stays: outagetui play --stand-down takes it back")


@click.command()
@click.argument("run")
@click.argument("step")
@click.argument("hash_", metavar="HASH")
@click.pass_obj
def approve(options: dict[str, str | None], run: str, step: str, hash_: str) -> None:
    """Allow what a two-person step of somebody else's run asks; HASH tells exactly what.

    `outagetui runs` shows it: what will be done, every parameter, the words to be sent, and the hash.
    """
    give(options, Approve(run=run, step=step, hash=hash_))
    click.echo(f"{run} {step}: approved; see: outagetui runs")


@click.command()
@click.argument("run")
@click.pass_obj
def take(options: dict[str, str | None], run: str) -> None:
    """Take over a run that somebody else started."""
    give(options, Take(run=run))
    click.echo(f"{run} is yours; its questions: outagetui runs")
