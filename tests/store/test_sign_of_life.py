"""The sign of life: seen at once, by anybody who may read, without a write; gone with the daemon."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from outagetui.facts.live import Beat
from outagetui.store.damage import StoreError
from outagetui.store.sign_of_life import SLOT, WRITTEN_EVERY, SignOfLife, path_of, read

BEGIN = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_every_second_is_seen_and_only_the_first_is_written(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = SignOfLife(store)
    written: list[int] = []
    real = os.pwrite

    def writing(handle: int, content: bytes, at: int) -> int:
        written.append(at)
        return real(handle, content, at)

    monkeypatch.setattr(os, "pwrite", writing)
    for second in range(int(WRITTEN_EVERY)):
        life.write(Beat(7, BEGIN + second))
        assert read(store) == Beat(7, BEGIN + second)
    assert len(written) == 1
    life.write(Beat(7, BEGIN + WRITTEN_EVERY))
    assert len(written) == 2
    life.close()


def test_what_is_said_is_seen_at_once(store: Path) -> None:
    life = SignOfLife(store)
    for beat in (
        Beat(7, BEGIN),
        Beat(7, BEGIN + 1, blind="no canary answers"),
        Beat(7, BEGIN + 2, trouble="the disk is full"),
        Beat(7, BEGIN + 3, progress={"r1/1": "3 of 5"}),
        Beat(7, BEGIN + 4),
    ):
        life.write(beat)
        assert read(store) == beat
    life.close()


def test_a_clock_that_is_put_back_is_followed(store: Path) -> None:
    life = SignOfLife(store)
    life.write(Beat(7, BEGIN + 30))
    life.write(Beat(7, BEGIN))
    assert read(store) == Beat(7, BEGIN)
    life.close()


def test_words_without_end_do_not_keep_the_daemon_from_living(store: Path) -> None:
    life = SignOfLife(store)
    life.write(Beat(7, BEGIN, trouble="x" * 100_000, progress={str(n): "y" * 50 for n in range(1000)}))
    beat = read(store)
    assert beat is not None
    assert (beat.at, beat.trouble[:3], len(beat.trouble)) == (BEGIN, "xxx", 1000)
    assert path_of(store).stat().st_size <= 2 * SLOT
    life.close()


@pytest.mark.parametrize("damage", [0, 1, SLOT - 1, SLOT, SLOT + 3, 2 * SLOT - 1])
def test_a_damaged_copy_leaves_the_other(store: Path, damage: int) -> None:
    life = SignOfLife(store)
    life.write(Beat(7, BEGIN))
    life.write(Beat(7, BEGIN + 1, trouble="x"))
    life.close()
    content = bytearray(path_of(store).read_bytes())
    content[damage] ^= 0xFF
    path_of(store).write_bytes(content)
    beat = read(store)
    assert beat is not None
    assert beat.at in (BEGIN, BEGIN + 1)
    path_of(store).write_bytes(os.urandom(2 * SLOT))
    assert read(store) is None
    path_of(store).unlink()
    assert read(store) is None


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_what_is_no_plain_file_is_refused(store: Path, kind: str) -> None:
    path = path_of(store)
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert read(store) is None
    with pytest.raises(StoreError, match="sign of life"):
        SignOfLife(store)


LIVES = """
import sys, time
from pathlib import Path
from outagetui.facts.live import Beat
from outagetui.store.sign_of_life import SignOfLife
life = SignOfLife(Path(sys.argv[1]))
for second in range(31):
    life.write(Beat(7, 1_800_000_000.0 + second))
print("lives", flush=True)
time.sleep(60)
"""


def test_another_process_is_seen_and_its_end_too(store: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", LIVES, str(store)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"lives\n"
    for _ in range(3):  # looking takes nothing away
        assert read(store) == Beat(7, BEGIN + 30)
    process.send_signal(signal.SIGSTOP)
    assert read(store) == Beat(7, BEGIN + 30)  # it stands still, and so does its time
    process.kill()
    process.wait()
    process.stdout.close()
    assert read(store) == Beat(7, BEGIN)  # what was written last
