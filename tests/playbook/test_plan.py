"""The plan of a run: its words, its digest, its way back."""

from collections.abc import Container, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Audience, Channel, Condition, Config, Outlet, Playbook, Step, Undo
from outagetui.core.step_options import (
    ActivateOptions,
    AnnounceOptions,
    ChooseOptions,
    DeactivateOptions,
    ManualOptions,
    NoteOptions,
    PlaybookOptions,
    VerifyOptions,
    WaitForOptions,
)
from outagetui.facts.events import StepPlan
from outagetui.facts.run import StepRecord
from outagetui.playbook.plan import answers, digest, dry_run, how, plan, primaries
from outagetui.playbook.unwind import take_back, undo_of


def channel(id: str, name: str) -> Channel:
    return Channel(id=id, name=name, audience="customers", role="backup")


CONFIG = Config(
    directory="/etc/outagetui",
    business="Example Hosting",
    vantage="vps-1",
    timezone="UTC",
    store="store.db",
    channels=(channel("webchat", "web chat"), channel("phone", "phone"), channel("jabber", "Jabber")),
    outlets=(Outlet(id="page", name="status page", kind="page", audience="customers"),),
)
STEPS = (
    Step(id="confirm", do="manual", options=ManualOptions(), say="Is it down for others?"),
    Step(id="activate", do="activate", options=ActivateOptions(channels=("webchat", "phone"))),
    Step(id="wait", do="wait_for", options=WaitForOptions(checks=("messenger.api",), within=300.0)),
    Step(
        id="tell",
        do="announce",
        needs="confirm",
        options=AnnounceOptions(kind="backup-active", audience="customers", outlets=("page",)),
    ),
)
BOOK = Playbook(id="messenger-down", name="Messenger down", steps=STEPS)


def planned(*steps: Step) -> tuple[StepPlan, ...]:
    return plan(msgspec.structs.replace(BOOK, steps=steps), CONFIG)


def announce(id: str, kind: str, outlets: tuple[str, ...] = ("page",), audience: Audience = "customers") -> Step:
    return Step(id=id, do="announce", options=AnnounceOptions(kind=kind, audience=audience, outlets=outlets))


def test_each_step_says_in_one_sentence_what_it_will_do() -> None:
    assert [step.what for step in plan(BOOK, CONFIG)] == [
        "Is it down for others?",
        "activate web chat and phone",
        "wait until messenger.api is up, 3 times in a row, at most 5 min",
        "announce backup-active to customers on status page",
    ]


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (
            Step(id="v", do="verify", options=VerifyOptions(checks=("a.b",), channels=("jabber", "phone"), times=1)),
            "verify that a.b, Jabber and phone are up, at most 5 min",
        ),
        (Step(id="d", do="deactivate", options=DeactivateOptions(channels=("gone",))), "deactivate gone"),
        (announce("all", "outage", ()), "announce outage to customers on every outlet for customers"),
    ],
)
def test_names_and_limits_read_as_people_say_them(step: Step, what: str) -> None:
    assert planned(step)[0].what == what


def test_options_and_undo_are_plain_values_that_survive_json() -> None:
    undo = Undo(do="deactivate", options=DeactivateOptions(channels=("jabber",)))
    step = planned(Step(id="x", do="activate", options=ActivateOptions(channels=("jabber", "phone")), undo=undo))[0]
    again = msgspec.json.decode(msgspec.json.encode(step), type=StepPlan)
    assert list(again.options["channels"]) == ["jabber", "phone"]
    assert again.undo == {
        "do": "deactivate",
        "options": {"channels": ["jabber"]},
        "facts": {},
        "what": "deactivate Jabber",
    }
    assert digest([again]) == digest([step])


def test_the_digest_changes_with_any_word_of_the_plan() -> None:
    steps = plan(BOOK, CONFIG)
    assert digest(steps) == digest(list(plan(BOOK, CONFIG)))
    assert len(digest(steps)) == 64
    assert digest(steps) != digest(steps[:-1])
    assert digest(steps) != digest((msgspec.structs.replace(steps[0], timeout=31.0), *steps[1:]))


def test_dry_run_shows_every_step_with_needs_limits_and_undo() -> None:
    assert dry_run(plan(BOOK, CONFIG)) == [
        "1. confirm [manual]: Is it down for others?",
        "   waits for an answer; on failure ask",
        "2. activate [activate]: activate web chat and phone",
        "   by itself; at most 30 s; on failure ask; undo: deactivate web chat and phone",
        "3. wait [wait_for]: wait until messenger.api is up, 3 times in a row, at most 5 min",
        "   by itself; at most 5 min; on failure ask",
        "4. tell [announce]: announce backup-active to customers on status page",
        "   asks before; at most 30 s; on failure ask; stand-down announces resolved",
    ]


def test_a_step_that_looks_first_says_so() -> None:
    step = StepPlan(id="x", do="activate", what="activate x", already="x.up", on_failure="stop", needs="two-person")
    assert how(step) == "needs two people; at most 30 s; skipped if x.up passes; on failure stop; undo: deactivate x"


ALL = ("webchat", "phone", "jabber")


def back_of(plans: Sequence[StepPlan], activated: Container[str] = ALL) -> list[StepPlan]:
    return take_back([StepRecord(plan, state="done") for plan in plans], activated)


def test_standing_down_takes_back_what_was_done_last_thing_first() -> None:
    back = back_of(plan(BOOK, CONFIG))
    assert [(step.id, step.do, step.what) for step in back] == [
        ("undo-tell", "announce", "announce resolved to customers on status page"),
        ("undo-activate", "deactivate", "deactivate web chat and phone"),
    ]
    assert back[0].options["kind"] == "resolved"
    assert back[0].needs == "confirm"
    assert list(back[1].options["channels"]) == ["webchat", "phone"]


def test_an_explicit_undo_goes_before_the_usual_one() -> None:
    undo = Undo(do="deactivate", options=DeactivateOptions(channels=("jabber",)))
    step = Step(id="x", do="activate", options=ActivateOptions(channels=("jabber", "phone")), undo=undo)
    assert [step.what for step in back_of(planned(step))] == ["deactivate Jabber"]


def test_an_undo_that_announces_asks_even_when_the_step_did_not() -> None:
    undo = Undo(do="announce", options=AnnounceOptions(kind="restored", audience="staff"))
    back = undo_of(planned(Step(id="x", do="activate", options=ActivateOptions(channels=("jabber",)), undo=undo))[0])
    assert back is not None
    assert (back.do, back.needs) == ("announce", "confirm")


def test_an_undo_by_hand_asks_for_it_in_words() -> None:
    step = planned(Step(id="x", do="manual", options=ManualOptions(), undo=Undo(do="manual", options=ManualOptions())))[
        0
    ]
    back = undo_of(step)
    assert back is not None
    assert back.say == back.what == "take back by hand: x"


def test_what_one_audience_was_told_is_closed_once_and_everywhere() -> None:
    parts = announce("a", "outage"), announce("b", "update", ("blog",)), announce("c", "update", ())
    back = back_of(planned(*parts))
    assert [(step.id, step.what) for step in back] == [
        ("undo-c", "announce resolved to customers on every outlet for customers")
    ]
    back = back_of(planned(announce("a", "outage"), announce("b", "update", ("blog",))))
    assert [(step.what, list(step.options["outlets"])) for step in back] == [
        ("announce resolved to customers on blog and page", ["blog", "page"])
    ]
    assert len(back_of(planned(announce("a", "outage"), announce("b", "outage", audience="staff")))) == 2


def test_what_was_closed_already_is_not_closed_again() -> None:
    assert back_of(planned(announce("a", "outage"), announce("b", "resolved"))) == []
    assert len(back_of(planned(announce("a", "resolved"), announce("b", "outage")))) == 1


@pytest.mark.parametrize(
    ("why", "do", "allowed"),
    [
        ("confirm", "activate", ("yes", "skip", "abort")),
        ("manual", "manual", ("done", "failed", "skip", "abort")),
        ("approve", "activate", ("again", "skip", "abort", "break-glass")),
        ("failed", "verify", ("retry", "skip", "abort")),
        ("failed", "activate", ("retry", "skip", "undo", "abort")),
        ("unsure", "announce", ("retry", "done", "skip", "abort")),
        ("unsure", "deactivate", ("retry", "done", "skip", "undo", "abort")),
    ],
)
def test_the_answers_fit_the_question(why: str, do: str, allowed: tuple[str, ...]) -> None:
    assert answers(why, StepPlan(id="x", do=do)) == allowed


def test_a_step_with_an_undo_of_its_own_can_be_undone() -> None:
    assert "undo" in answers("failed", StepPlan(id="x", do="command", undo={"do": "command", "options": {}}))


def test_an_unknown_question_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="expected one of confirm"):
        answers("perhaps", StepPlan(id="x", do="manual"))


def test_a_choice_is_answered_by_its_names() -> None:
    step = StepPlan(id="which", do="choose", answers=(("partial", "Some people"), ("all", "Everybody")))
    assert answers("choose", step) == ("partial", "all", "abort")


def test_what_needs_two_people_is_not_taken_back_by_one() -> None:
    assert "undo" not in answers("failed", StepPlan(id="x", do="activate", needs="two-person"))


PHONE = Channel(id="phone", name="phone", audience="customers", role="backup", backs_up=("messenger",))
MESSENGER = Channel(id="messenger", name="Messenger", audience="customers", role="primary")
MAIL = Channel(id="mail", name="Mail", audience="customers", role="primary")


def test_the_primaries_of_a_playbook_are_what_its_backups_stand_in_for_and_what_it_watches() -> None:
    config = msgspec.structs.replace(CONFIG, channels=(MESSENGER, MAIL, PHONE))
    switch = Step(id="a", do="activate", options=ActivateOptions(channels=("phone",)))
    tell = Step(id="t", do="announce", options=AnnounceOptions(kind="outage", audience="customers"))
    watched = Condition(channels=("mail", "phone"))
    assert primaries(Playbook(id="b", name="B", steps=(switch, tell)), config) == {"messenger": "Messenger"}
    both = {"messenger": "Messenger", "mail": "Mail"}
    assert primaries(Playbook(id="b", name="B", steps=(switch,), suggest=(watched,)), config) == both
    assert primaries(Playbook(id="b", name="B", steps=(tell,)), config) == both
    assert primaries(Playbook(id="b", name="B", steps=(Step(id="n", do="note", options=NoteOptions()),)), config) == {}


def test_only_what_the_run_activated_itself_is_let_go() -> None:
    done = planned(Step(id="a", do="activate", options=ActivateOptions(channels=("webchat", "phone"))))
    assert back_of(done, ()) == []
    (back,) = back_of(done, ("phone",))
    assert (back.what, list(back.options["channels"])) == ("deactivate phone", ["phone"])


def test_what_may_have_happened_is_asked_about() -> None:
    undo = Undo(do="deactivate", options=DeactivateOptions(channels=("jabber",)))
    steps = planned(
        Step(id="a", do="activate", options=ActivateOptions(channels=("jabber",)), undo=undo),
        Step(id="m", do="manual", options=ManualOptions(), say="Pull the plug"),
    )
    first, second = take_back([StepRecord(step, state="unsure", doubtful=True) for step in steps], ())
    assert (first.id, first.do) == ("undo-m", "manual")
    assert first.say.startswith("It is not known whether this was done: Pull the plug.")
    assert (second.id, second.do, second.needs) == ("undo-a", "deactivate", "confirm")
    assert second.what == "deactivate Jabber (it is not known whether there is anything to take back)"


def test_a_playbook_within_a_playbook_keeps_names_and_conditions_apart() -> None:
    which = Step(id="which", do="choose", options=ChooseOptions(), say="Which?", answers={"a": "A", "b": "B"})
    inner = Playbook(
        id="inner",
        name="Inner",
        steps=(which, Step(id="x", do="manual", options=ManualOptions(), say="X", only_if="which=a")),
    )
    outer = Playbook(
        id="outer",
        name="Outer",
        steps=(which, Step(id="then", do="playbook", options=PlaybookOptions(id="inner"), only_if="which=b")),
    )
    steps = plan(outer, msgspec.structs.replace(CONFIG, playbooks=(inner, outer)))
    assert [(step.id, step.only_if) for step in steps] == [
        ("which", ()),
        ("then", ("which=b",)),
        ("then.which", ("which=b", "then=done")),
        ("then.x", ("which=b", "then=done", "then.which=a")),
    ]
    assert steps[1].what == "go through the playbook Inner"


IDS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(ids=IDS, kinds=st.lists(st.sampled_from(["activate", "deactivate", "manual", "verify"]), min_size=8))
def test_standing_down_twice_gives_what_was_done(ids: list[str], kinds: list[str]) -> None:
    options = {
        "activate": ActivateOptions(channels=("phone",)),
        "deactivate": DeactivateOptions(channels=("phone",)),
        "manual": ManualOptions(),
        "verify": VerifyOptions(checks=("a.b",)),
    }
    steps = [Step(id=id, do=do, options=options[do]) for id, do in zip(ids, kinds, strict=False)]
    done = planned(*steps)
    back = back_of(done)
    changed = [step for step in done if step.do in ("activate", "deactivate")]
    assert [step.id for step in back] == [f"undo-{step.id}" for step in reversed(changed)]
    assert [(step.do, step.what, step.options) for step in back_of(back)] == [
        (step.do, step.what, step.options) for step in changed
    ]
