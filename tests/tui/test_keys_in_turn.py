"""Keys are handled one after the other; one that is stuck, or whose widget goes away, holds up none for long."""

import asyncio

from outagetui.tui.keys import InTurn
from textual.app import App, ComposeResult
from textual.events import Event, Key
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widget import Widget

STUCK = asyncio.Event()


class Field(Widget, can_focus=True):
    """Notes what it gets; never ends with `s`, and goes away with `d`."""

    def __init__(self) -> None:
        super().__init__()
        self.got = ""

    async def on_key(self, event: Key) -> None:
        self.got += event.key
        if event.key == "s":
            await STUCK.wait()
        elif event.key == "d":
            self.app.pop_screen()


class Dialog(ModalScreen[None]):
    def compose(self) -> ComposeResult:
        yield Field()


class KeyRecorder(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.keys = InTurn(self, super().on_event)
        self.reached = ""

    def compose(self) -> ComposeResult:
        yield Field()
        yield Field()

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            await self.keys.take(event)
        else:
            await super().on_event(event)

    def on_key(self, event: Key) -> None:
        self.reached += event.key
        if event.key == "n":
            self.query(Field).last().focus()

    def type(self, keys: str) -> None:
        for key in keys:
            self.post_message(Key(key, key))


async def until(app: KeyRecorder, pilot: Pilot[None], keys: str) -> None:
    """Wait until the app is done with these keys; what became of `d`, whose widget goes away, is open."""
    async with asyncio.timeout(5):
        while app.reached.replace("d", "") != keys:
            await asyncio.sleep(0.01)
    await pilot.pause()  # the test's end takes the screens away, and a key asks them what it is bound to


async def test_what_follows_a_key_that_moves_the_focus_goes_where_it_went() -> None:
    app = KeyRecorder()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.type("abnxyz")
        await until(app, pilot, "abnxyz")
        first, last = app.query(Field)
        assert (first.got, last.got) == ("abn", "xyz")


async def test_a_key_that_is_never_done_holds_up_no_other_for_long() -> None:
    app = KeyRecorder()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.type("ns")
        last = app.query(Field).last()
        async with asyncio.timeout(5):
            while "s" not in last.got:
                await asyncio.sleep(0.01)
        first = app.query(Field).first()
        first.focus()
        app.type("xyz")
        try:
            async with asyncio.timeout(5):
                while first.got != "nxyz":
                    await asyncio.sleep(0.01)
        finally:
            STUCK.set()
        await until(app, pilot, "nxyzs")


async def test_keys_go_on_when_the_widget_that_had_one_is_gone() -> None:
    app = KeyRecorder()
    async with app.run_test() as pilot:
        await app.push_screen(Dialog())
        await pilot.pause()
        app.type("adxy")
        await until(app, pilot, "axy")
        assert app.query(Field).first().got.endswith("xy")
