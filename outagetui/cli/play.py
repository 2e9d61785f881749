"""`outagetui play`: a playbook from the shell, with its questions on the terminal."""

import asyncio
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from outagetui.board.rows import RunRow, StepRow
from outagetui.cli.common import UNUSABLE, client, configuration, fail, store
from outagetui.cli.output import print_json
from outagetui.cli.runs import asking_lines, left_lines, run_document, run_lines
from outagetui.core.orders import Answer, Start, Undoable
from outagetui.core.text import clean, clean_lines
from outagetui.core.words import RunState, StepState, Why
from outagetui.facts.events import StepPlan
from outagetui.orders.client import OrderClient
from outagetui.playbook.plan import dry_run, plan
from outagetui.store.damage import StoreError
from outagetui.store.source import StoreSource

DONE, FAILED, USAGE, WAITING = 0, 1, 2, 4
RUN = re.compile(r"r[0-9]{1,9}")
LEFT = re.compile(r"; \d+ s left$")
POLL = 0.1
YES: dict[str, str] = {Why.CONFIRM: "yes", Why.MANUAL: "done"}


@click.command()
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--dry-run", "dry", is_flag=True, help="Print every step with what it would do; do nothing.")
@click.option("--yes", is_flag=True, help="Answer confirmations and manual steps with yes; nothing else.")
@click.option("--answer", "chosen", multiple=True, metavar="STEP=NAME", help="Answer a choice; may be repeated.")
@click.option("--stand-down", "back", is_flag=True, help="Take back what the run or playbook ID (without: all) did.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document at the end.")
@click.pass_obj
def play(
    options: dict[str, str | None],
    id_: str | None,
    dry: bool,
    yes: bool,
    chosen: tuple[str, ...],
    back: bool,
    as_json: bool,
) -> None:
    """Run the playbook ID; ask on the terminal what it asks.

    Exit status: 0 done, 1 a step failed, 2 usage, 3 configuration, 4 waiting for an answer.
    """
    config = configuration(options)
    books = {book.id: book for book in config.playbooks}
    if id_ is None and not back:
        fail(f"name a playbook: {', '.join(books) or 'the configuration has none'}", USAGE)
    if id_ is not None and id_ not in books and not (back and RUN.fullmatch(id_)):
        fail(f"there is no playbook {clean(id_, 60)}; there are: {', '.join(books) or 'none'}", USAGE)
    choices = _choices(chosen, [step for book in books.values() for step in plan(book, config)]) if chosen else {}
    if dry:
        if back:
            fail("--dry-run shows a playbook's steps; leave --stand-down out", USAGE)
        steps = plan(books[id_ or ""], config)
        if as_json:
            print_json({"playbook": id_, "steps": [{"id": s.id, "do": s.do, "what": s.what} for s in steps]})
        else:
            click.echo("\n".join(dry_run(steps)))
        return
    try:
        runs = asyncio.run(_Play(options, yes, choices, quiet=as_json).play(id_, back))
    except KeyboardInterrupt:
        fail("\nleft; the run goes on and waits at its next question: outagetui runs", WAITING)
    if as_json:
        documents = [run_document(run) for run in runs]
        print_json(documents[0] if len(documents) == 1 else {"runs": documents})
    sys.exit(max((_status(run) for run in runs), default=DONE))


def _choices(given: tuple[str, ...], steps: list[StepPlan]) -> dict[str, str]:
    """Return the answers given ahead, by step; ends with status 2 for what no step asks."""
    known = {step.id: dict(step.answers) for step in steps if step.answers}
    choices = {}
    for pair in given:
        step, equals, name = pair.partition("=")
        if not equals or step not in known:
            fail(
                f"--answer {clean(pair, 60)}: expected STEP=NAME of {', '.join(known) or 'a choose step: none'}", USAGE
            )
        if name not in known[step]:
            fail(f"--answer {clean(pair, 60)}: {step} takes {', '.join(known[step])}", USAGE)
        choices[step] = name
    return choices


def _status(run: RunRow) -> int:
    if run.ended is None:
        return WAITING
    failed = run.state != RunState.DONE or any(step.state == StepState.FAILED for step in run.steps)
    return FAILED if failed else DONE


class _Play:
    """Starts runs and follows them in the journal, which is where their results are."""

    def __init__(self, options: dict[str, str | None], yes: bool, choices: dict[str, str], quiet: bool) -> None:
        self._options, self._yes, self._choices = options, yes, choices
        self._json = quiet
        self._say: Callable[[str], None] = (lambda words: None) if quiet else click.echo
        self._told: dict[str, str] = {}
        self._interactive = sys.stdin.isatty() and not quiet

    async def play(self, playbook: str | None, back: bool) -> list[RunRow]:
        orders = await client(self._options)
        source = StoreSource(Path(store(self._options)))
        try:
            if back:
                return await self._back(orders, source, playbook)
            return [await self._one(orders, source, await self._start(orders, Start(playbook=playbook or "")))]
        except StoreError as error:
            fail(str(error), UNUSABLE)
        finally:
            await orders.aclose()

    async def _back(self, orders: OrderClient, source: StoreSource, wanted: str | None) -> list[RunRow]:
        """Stand down one run, those of one playbook, or all, one after the other: the next only when one is done."""
        reply = await orders.send(Undoable())
        if not reply.get("ok"):
            self._refuse(str(reply.get("error")))

        def chosen(runs: list[dict[str, str]]) -> list[dict[str, str]]:
            return [run for run in runs if wanted in (None, run["run"], run["playbook"], run["stands_down"])]

        rows = [await self._one(orders, source, run["run"]) for run in chosen(reply["open"])]
        for run in chosen(reply["runs"]):
            words = f"{run['run']} ({clean(run['name'])})"
            if rows and rows[-1].state != RunState.DONE:
                self._say(f"{words} is left as it is until {rows[-1].id} is done")
                continue
            begun = await self._start(orders, Start(stand_down=run["run"]))
            self._say(f"{begun} takes back what {words} did")
            rows.append(await self._one(orders, source, begun))
        if not rows:
            self._say("nothing to stand down")
        return rows

    async def _start(self, orders: OrderClient, order: Start) -> str:
        reply = await orders.send(order)
        if not reply.get("ok"):
            self._refuse(str(reply.get("error")))
        return str(reply["run"])

    def _refuse(self, words: str) -> NoReturn:
        if self._json:
            print_json({"run": None, "playbook": None, "state": "refused", "steps": [], "error": words})
        fail(words, FAILED)

    async def _one(self, orders: OrderClient, source: StoreSource, run: str) -> RunRow:
        """Follow a run to its end, or to a question that nobody here may answer."""
        answered: set[tuple[str, int]] = set()
        refused: set[tuple[str, int]] = set()
        while True:
            board = source.board(time.time())
            if board.stale:
                fail(f"the daemon fell silent; where {run} stands: outagetui runs", UNUSABLE)
            row = next((row for row in board.runs if row.id == run), None)
            if row is not None:
                self._report(row)
                if row.ended is not None:
                    self._say("\n".join([f"{row.id} {row.state}", *left_lines(row)]))
                    return row
                asking = row.asking
                if asking is not None and (asking.id, asking.attempt) in refused:
                    return row  # it is for somebody else to answer
                if asking is not None and (asking.id, asking.attempt) not in answered:
                    if asking.hash and self._interactive:
                        # Somebody else answers this; it is followed here, and nothing at this terminal blocks it.
                        self._say("\n".join(asking_lines(run, asking)))
                        answered.add((asking.id, asking.attempt))
                        continue
                    if asking.preview and not self._yes and asking.why != Why.APPROVE:
                        self._say(f"---\n{clean_lines(asking.preview)}\n---")
                    answer = await self._answer(asking)
                    if answer is None:
                        self._say("\n".join(run_lines(row)))
                        return row
                    answered.add((asking.id, asking.attempt))
                    note = "answered by --yes" if self._yes and asking.why in YES else ""
                    given = Answer(run=run, step=asking.id, attempt=asking.attempt, answer=answer, note=note)
                    reply = await orders.send(given)
                    if not reply.get("ok"):
                        self._say(f"refused: {reply.get('error')}")
                        refused.add((asking.id, asking.attempt))
            await asyncio.sleep(POLL)

    async def _answer(self, asking: StepRow) -> str | None:
        """Return the answer to give: `--yes` for what it may answer, else the person's, None when there is none."""
        if asking.why == Why.CHOOSE and asking.id in self._choices:
            return self._choices[asking.id]
        if self._yes and asking.why in YES:
            return YES[asking.why]
        if not self._interactive:
            return None
        prompt = f"{clean(asking.question)} [{'/'.join(asking.answers)}] "
        while True:
            try:
                given = (await asyncio.to_thread(input, prompt)).strip()
            except EOFError:
                return None
            if given in asking.answers:
                return given
            self._say(f"answer one of: {', '.join(asking.answers)}")

    def _report(self, run: RunRow) -> None:
        for step in run.steps:
            words = LEFT.sub("", f"{step.state} {clean(step.detail)}".rstrip())  # a line a second would fill a log
            if step.state != StepState.WAITING and self._told.get(step.id) != words:
                self._told[step.id] = words
                self._say(f"{run.id} {step.id}: {words}")
                for line in clean_lines(step.output).splitlines():
                    self._say(f"    | {line}")
