"""What comes from the terminal: bytes that nobody can trust, made into keys, and whole pastes that give no order."""

import re
import selectors
import signal
import time
from codecs import getincrementaldecoder
from collections.abc import Iterator
from os import read

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

CHUNK = 4096
TICK = 0.1  # seconds between two looks whether a lone Esc or the end of a paste is due
QUIET = 0.15  # seconds without a byte behind the end of a paste before it counts: what follows at once belongs to it
TORN = 0.2  # seconds for which the rest of a sequence is waited for
ABANDONED = 2.0  # seconds without a byte after which a paste that never ended is one
LONGEST_PASTE = 100_000  # characters
_TORN = re.compile(r"\x1b(?:\[[0-9:;<?]*|O)?\Z")


class Keyboard:
    """Takes bytes as they come, at a time in monotonic seconds, and gives messages. Never raises.

    What the toolkit's parser cannot take is dropped, and the parser begins anew. A paste is taken whole: nobody types
    within a few milliseconds behind its end, so what comes there, an end inside the paste among it, is no key.
    """

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._parser = XTermParser()
        self._paste: str | None = None  # what was pasted so far
        self._at = 0.0  # when the last of it came
        self._rest = ""  # a sequence whose end did not come yet

    @property
    def quiet(self) -> bool:
        """Whether nothing waits for what comes next."""
        return self._paste is None and not self._rest

    def feed(self, data: bytes, now: float) -> Iterator[Message]:
        """Take what was read at `now`."""
        text = self._rest + self._decode(data)
        self._rest = ""
        if self._paste is None:
            before, mark, text = text.partition(BRACKETED_PASTE_START)
            if not mark and (torn := _TORN.search(before)):
                self._rest, before = torn[0], before[: torn.start()]
            yield from self._keys(before)
            self._paste = "" if mark else None
        if self._paste is not None:
            self._paste = (self._paste + text)[: LONGEST_PASTE + len(BRACKETED_PASTE_END)]
        self._at = now

    def tick(self, now: float) -> Iterator[Message]:
        """Give what is due because nothing else came."""
        if self._paste is not None:
            ended = BRACKETED_PASTE_END in self._paste
            if now - self._at < (QUIET if ended else ABANDONED):
                return
            pasted, self._paste = self._paste.replace(BRACKETED_PASTE_END, ""), None
            from outagetui.wording.published import published_lines  # with all of Unicode's tables, for this alone

            yield events.Paste(published_lines(pasted, LONGEST_PASTE))
        elif self._rest and now - self._at >= TORN:
            rest, self._rest = self._rest, ""
            yield from self._keys(rest)
        try:
            yield from list(self._parser.tick())
        except Exception:  # as in _keys
            self._parser = XTermParser()

    def _keys(self, text: str) -> Iterator[Message]:
        if not text:
            return  # to the parser that would be the end of it
        try:
            found = list(self._parser.feed(text))
        except Exception:  # whatever a terminal, or somebody behind it, has made up: it is no key
            self._parser = XTermParser()
            return
        yield from found


def _read(descriptor: int) -> bytes:
    try:
        return read(descriptor, CHUNK)
    except OSError:
        return b""


class SteadyDriver(LinuxDriver):
    """The toolkit's driver with an input that no byte can end."""

    def run_input_thread(self) -> None:
        """Read keys until the screens end."""
        keyboard = Keyboard()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(TICK if keyboard.quiet else QUIET / 3):
                    data = _read(self.fileno)
                    for message in keyboard.feed(data, time.monotonic()) if data else ():
                        self.process_message(message)
                    if not data:  # the terminal is gone, as if it had hung up
                        self._app.call_later(self._app.exit, return_code=128 + signal.SIGHUP)
                        return
                for message in keyboard.tick(time.monotonic()):
                    self.process_message(message)
