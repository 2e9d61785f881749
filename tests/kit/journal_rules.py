"""What no journal may show, whatever was killed when: the rules of runs and announcements, checked entry by entry."""

from collections import Counter
from collections.abc import Iterable

from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.facts.ledger import Ledger
from outagetui.facts.run import Run

# Doing these again after a crash is safe: nothing half happens, or (announce) each delivery has rules of its own.
SAFE = (
    "activate",
    "deactivate",
    "verify",
    "wait_for",
    "announce",
    "note",
    "spend",
    "playbook",
    "fail_back",
    "dns.update",
)
WORDS = ("yes", "retry", "undo", "approved", "break-glass")  # an operator's word to do it, or to do it once more
ASKS = ("manual", "choose")  # kinds whose outcome is an answer, without an intent
DAEMON = "outagetui"


class JournalRules:
    """Feed it entries in order; it asserts."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.began: dict[tuple[str, str], int] = {}  # the attempt under way
        self.word: Counter[tuple[str, str]] = Counter()  # an operator's words that allow doing a step once more
        self.tried: set[tuple[str, str]] = set()
        self.outcomes: set[tuple[str, str, int]] = set()
        self.over: set[str] = set()
        self.made: set[tuple[str, str]] = set()
        self.sending: set[tuple[str, int, str]] = set()
        self.sent: set[tuple[str, int, str]] = set()
        self.became: dict[tuple[str, int, str], str] = {}
        self.ordered: set[tuple[str, int, str]] = set()  # an operator's words to try once more
        self.owner: dict[tuple[str, int], tuple[str, str]] = {}

    def take(self, entry: Entry) -> None:
        event = events.decode(entry.kind, entry.document)
        where = f"entry {entry.seq}: {entry.document}"
        if isinstance(event, events.StepEvent):
            assert event.run not in self.over, f"something of a run that is over, {where}"
            self._step(entry, event, where)
        elif isinstance(event, events.RunEnded):
            assert event.run not in self.over, f"a second end, {where}"
            assert not [key for key in self.began if key[0] == event.run], f"ended in the middle of a step, {where}"
            self.over.add(event.run)
        elif isinstance(event, events.AnnouncementMade):
            before = self.ledger.announcements.get(event.announcement)
            assert before is None or before.open, f"more of what is over, {where}"
            if event.run:
                assert (event.run, event.step) not in self.made, f"announced twice by one step, {where}"
                self.made.add((event.run, event.step))
                self.owner[event.announcement, event.part] = event.run, event.step
        elif isinstance(event, (events.AnnouncementRetracted, events.DeliveryMoved)):
            self._delivery(entry, event, where)
        self.ledger.apply(entry)

    def _delivery(self, entry: Entry, event: events.Event, where: str) -> None:
        if isinstance(event, events.AnnouncementRetracted):
            assert self.ledger.announcements[event.announcement].retracted is None, f"taken back twice, {where}"
            return
        assert isinstance(event, events.DeliveryMoved)
        back = event.do == "retract"
        key = event.announcement, -1 if back else event.part, event.outlet
        gone = self.ledger.announcements[event.announcement].retracted is not None
        if isinstance(event, events.DeliveryOrdered):
            assert entry.actor != DAEMON, f"ordered by nobody, {where}"
            assert key not in self.sending | self.sent, f"ordered again though it is there, {where}"
            assert back is gone, f"an order for what is over, {where}"
            self.ordered.add(key)
        elif isinstance(event, events.DeliveryIntended):
            assert key not in self.sending, f"sent again without a look at what became of it, {where}"
            assert key not in self.sent, f"sent twice, {where}"
            assert back is gone, f"not what the announcement is at, {where}"
            if key in self.became and key not in self.ordered:
                run, step = self.owner[key[:2]]
                assert self.ledger.runs[run].steps[step].said in WORDS, f"sent again without a word, {where}"
            self.ordered.discard(key)
            self.sending.add(key)
        else:
            assert isinstance(event, events.DeliveryEnded)
            self.sending.discard(key)
            read = event.do == "look" and self.became.get(key) == "sent" and event.state in ("sent", "seen")
            assert key not in self.sent or read, f"two outcomes, {where}"
            self.became[key] = event.state
            if event.state in ("sent", "seen", "retracted"):
                self.sent.add(key)

    def _step(self, entry: Entry, event: events.Event, where: str) -> None:
        assert isinstance(event, events.StepEvent)
        key = event.run, event.step
        run = self.ledger.runs[event.run]
        row = run.steps[event.step]
        if isinstance(event, events.StepAsked):
            if event.why == "unsure":
                self.began.pop(key, None)
            assert key not in self.began, f"asked in the middle of a step, {where}"
            assert row.state not in ("asking", "unsure"), f"asked twice at once, {where}"
        elif isinstance(event, events.StepAnswered):
            assert entry.actor != DAEMON, f"answered by nobody, {where}"
            assert row.state in ("asking", "unsure"), f"an answer to no question, {where}"
            assert event.attempt == row.attempt, f"an answer to another attempt, {where}"
            assert row.question is not None
            second = event.answer == "approved" and row.question.hash and entry.actor not in run.people
            assert event.answer in row.question.answers or second, where
            if event.answer in WORDS:
                self.word[key] += 1
        elif isinstance(event, events.StepIntended):
            again = key in self.tried and key in self.began and row.plan.do in SAFE
            if key in self.tried and not again:
                assert self.word[key] > 0, f"done again without a word, {where}"
            elif key not in self.tried and row.plan.needs != "auto":
                assert self.word[key] > 0, f"done without the word it needs, {where}"
            if not again:
                self.word[key] = max(0, self.word[key] - 1)
            self._in_order(run, event.step, where)
            self.began[key] = event.attempt
            self.tried.add(key)
        else:
            assert isinstance(event, events.StepEnded)
            begun = self.began.pop(key, None)
            outcome = *key, event.attempt
            assert outcome not in self.outcomes, f"two outcomes, {where}"
            self.outcomes.add(outcome)
            assert begun in (None, event.attempt), f"the outcome of another attempt, {where}"
            if row.plan.do not in ASKS and event.outcome in ("done", "failed") and "already so" not in event.detail:
                assert begun is not None or row.said == "done", f"an outcome without intent, {where}"

    @staticmethod
    def _in_order(run: Run, step: str, where: str) -> None:
        for name, before in run.steps.items():
            if name == step:
                return
            goes_on = before.state == "failed" and before.plan.on_failure == "continue"
            passed = before.state in ("done", "skipped", "undone") or goes_on
            assert passed, f"begun before {name} was over ({before.state}), {where}"


def assert_rules(entries: Iterable[Entry]) -> JournalRules:
    """Assert the rules over a whole journal."""
    rules = JournalRules()
    for entry in entries:
        rules.take(entry)
    return rules
