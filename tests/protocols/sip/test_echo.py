"""Knowing an echo by its sound: what telephone systems do to it, and what must never be taken for it."""

import math
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from outagetui.protocols.sip.echo import Echo, Sound
from outagetui.protocols.sip.g711 import Law, decode, encode
from outagetui.protocols.sip.listener import voices_beyond_chance
from outagetui.protocols.sip.tone_pattern import TonePattern
from tests.kit.recoding_echo import RecodingEcho

TICK = 0.02


def listen(
    far: RecodingEcho, seconds: float = 2.0, delay: float = 0.1, law: Law = Law.MU, jitter: float = 0.0
) -> Sound:
    """Speak for `seconds` and hear what `far` says to it, `delay` later, give or take `jitter`."""
    echo, dice = Echo(law), random.Random(3)
    count = round(seconds / TICK)
    coming = []
    for number in range(count):
        sent = 100 + number * TICK
        coming += [(sent + delay + dice.random() * jitter, data) for data in far.take(echo.next_packet(sent))]
    end = 100 + count * TICK + 0.3
    for at, data in sorted(coming):
        if at <= end:
            echo.came(data, at)
    return echo.result(0.0, end)


FORMS: list[dict[str, Any]] = [
    {},
    {"law": Law.MU, "frame": 80},
    {"frame": 240},
    {"frame": 320},
    {"frame": 480},
    {"frame": 164},
    {"shift": 1},
    {"shift": 77, "frame": 240},
    {"gain": 0.25},
    {"gain": 4.0},
    {"gain": 0.25, "noise": 150.0},
    {"noise": 800.0},
    {"law": Law.MU, "gain": 0.9, "shift": 159, "frame": 80},
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("law", list(Law))
def test_our_sound_is_known_in_whatever_form_it_comes_back(form: dict[str, Any], law: Law) -> None:
    found = listen(RecodingEcho(**form), law=law)
    assert found.recoded is (form != {} or law is not Law.A)
    assert found.lost < 0.05
    assert found.late == 0
    held_up = 1000 * (form.get("frame", 160) + form.get("shift", 0)) / 8000
    assert 90 <= found.round_trip <= 100 + held_up + 20


@pytest.mark.parametrize("delay", [0.0, 0.3, 1.0, 2.5, 4.5])
def test_a_delay_is_measured_and_what_could_not_be_back_yet_is_not_lost(delay: float) -> None:
    found = listen(RecodingEcho(), seconds=delay + 2, delay=delay)
    assert found.round_trip == pytest.approx(delay * 1000, abs=25)
    assert found.lost < 0.03


@pytest.mark.parametrize("loss", [0.02, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("form", [{}, {"frame": 80}, {"frame": 240, "shift": 50}])
def test_loss_is_what_was_lost(loss: float, form: dict[str, Any]) -> None:
    found = listen(RecodingEcho(loss=loss, **form), seconds=20)
    assert found.lost == pytest.approx(loss, abs=0.04)
    assert found.echoed == pytest.approx(found.sent * (1 - loss), abs=0.05 * found.sent)


def test_jitter_is_that_of_their_packets() -> None:
    assert listen(RecodingEcho(), jitter=0.0).jitter == pytest.approx(0, abs=0.01)
    assert 2 < listen(RecodingEcho(), jitter=0.03).jitter < 20


def test_an_announcement_before_the_echo_is_no_echo_and_does_not_hide_it() -> None:
    dice = random.Random(5)
    far = RecodingEcho()
    turns: list[int] = []

    def late(heard: list[int]) -> list[int]:
        turns.append(1)
        return heard if len(turns) > 50 else [dice.randint(-3000, 3000) for _ in heard]

    far.sound = late  # type: ignore[method-assign]
    found = listen(far, seconds=4)
    assert 147 <= found.echoed <= 156


def test_a_jitter_buffer_that_grows_in_the_call_loses_nothing_but_what_it_plays_twice() -> None:
    far, said = RecodingEcho(), [0]

    def stretched(heard: list[int]) -> list[int]:
        said[0] += 1
        return heard * 2 if said[0] in (70, 71) else heard

    far.sound = stretched  # type: ignore[method-assign]
    assert listen(far, seconds=4).lost < 0.05


def test_packets_that_come_back_as_they_are_until_a_buffer_shifts_them_are_not_lost() -> None:
    far, count = RecodingEcho(Law.MU), [0]

    def shifted(heard: list[int]) -> list[int]:
        count[0] += 1
        return [*heard, *heard[-40:]] if count[0] == 80 else heard

    far.sound = shifted  # type: ignore[method-assign]
    found = listen(far, seconds=4)
    assert found.recoded
    assert found.lost < 0.05


def test_packets_that_come_back_as_they_are_are_known_by_their_bytes() -> None:
    for loss in (0.0, 0.1, 0.4):
        found = listen(RecodingEcho(Law.MU, loss=loss), seconds=4)
        assert not found.recoded
        assert found.lost == pytest.approx((found.sent - found.echoed) / found.sent)


def test_of_several_sources_the_one_that_echoes_counts() -> None:
    echo, far, music = Echo(), RecodingEcho(), RecodingEcho(source=5)
    music.sound = lambda heard: [3000 if at // 8 % 2 else -3000 for at in range(len(heard))]  # type: ignore[method-assign]
    for number in range(100):
        data = echo.next_packet(number * TICK)
        for each in (*music.take(data), *far.take(data)):
            echo.came(each, number * TICK + 0.05)
    found = echo.result(0.0)
    assert found.echoed == 100
    assert found.foreign == 200


# What must never be taken for our sound.


def waves(*hertz: float, loud: int = 3000) -> Callable[[int], list[int]]:
    return lambda count: [
        round(sum(loud * math.sin(2 * math.pi * each * at / 8000) for each in hertz)) for at in range(count)
    ]


def music(count: int) -> list[int]:
    dice, played = random.Random(count), list[int]()
    while len(played) < count:
        note = 220 * 2 ** (dice.randrange(36) / 12)
        played += waves(note, 2 * note, 3 * note, loud=1500)(dice.randint(600, 3000))
    return played[:count]


def speech(count: int) -> list[int]:
    """A voice, roughly: bursts of a pitch with its overtones, pauses between."""
    dice, said = random.Random(count), list[int]()
    while len(said) < count:
        pitch = dice.uniform(90, 250)
        said += waves(*(pitch * number for number in range(2, 9)), loud=700)(dice.randint(800, 2400))
        said += [dice.randint(-20, 20) for _ in range(dice.randint(200, 1600))]
    return said[:count]


def another_call(count: int) -> list[int]:
    pattern, said = TonePattern(), list[int]()
    while len(said) < count:
        said += pattern.next_samples()
    return said[:count]


OTHERS: dict[str, Callable[[int], list[int]]] = {
    "silence": lambda count: [0] * count,
    "comfort noise": lambda count: [random.randint(-30, 30) for _ in range(count)],
    "noise": lambda count: [random.randint(-4000, 4000) for _ in range(count)],
    "ring-back": waves(425),
    "ring-back, American": waves(440, 480),
    "a pitch of ours": waves(800),
    "all pitches of ours": waves(*range(400, 1801, 200), loud=600),
    "music on hold": music,
    "an announcement": speech,
    "another call of ours": another_call,
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_sound_is_no_echo(kind: str) -> None:
    for seconds in (0.5, 1, 1, 3):
        far = RecodingEcho()
        played = iter(OTHERS[kind](round(seconds * 8000)))
        far.sound = lambda heard, played=played: [next(played) for _ in heard]  # type: ignore[method-assign, misc]
        found = listen(far, seconds=seconds)
        assert (found.echoed, found.lost) == (0, 1.0)
        assert found.foreign == round(seconds / TICK)


def test_chance_is_given_no_voice() -> None:
    for tones in (25, 50, 150, 3000):
        enough = voices_beyond_chance(tones)
        by_chance = sum(math.comb(tones, k) * 7 ** (tones - k) for k in range(enough, tones + 1)) / 8**tones
        assert by_chance * 1000 < 1e-8
        assert enough <= tones * 0.8
    assert voices_beyond_chance(3) > 3


# Bounds.


def test_a_flood_is_not_listened_to_beyond_what_can_have_been_said() -> None:
    echo = Echo()
    echo.next_packet(0.0)
    far = RecodingEcho(frame=1600)
    packets = [each for _ in range(4000) for each in far.take(Echo().next_packet(0.0))]
    begun = time.process_time()
    for data in packets * 10:
        echo.came(data, 0.5)
    assert time.process_time() - begun < 1
    assert echo.result(0.0).echoed == 0


def test_timestamps_that_leap_cost_nothing() -> None:
    echo = Echo()
    for number in range(50):
        data = echo.next_packet(number * TICK)
        odd = data[:4] + random.randbytes(8) + encode(Law.MU, [100] * 160)
        for each in (odd, data[:1] + b"\x08" + random.randbytes(10) + b"\x55" * 1000):
            echo.came(each, number * TICK)
    assert echo.result(0.0).echoed == 0


@pytest.mark.parametrize("law", list(Law))
def test_every_code_is_its_own_level(law: Law) -> None:
    codes = bytes(range(256))
    assert decode(law, encode(law, decode(law, codes))) == decode(law, codes)
    assert [max(decode(law, codes)), min(decode(law, codes))] == ([32124, -32124] if law is Law.MU else [32256, -32256])


def test_the_levels_are_those_of_the_recommendation() -> None:
    assert decode(Law.MU, b"\xff\x7f\x00\x80\xe7") == [0, 0, -32124, 32124, 260]
    assert decode(Law.A, b"\xd5\x55\x2a\xaa\xc5") == [8, -8, -32256, 32256, 264]
