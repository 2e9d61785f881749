"""Writing the public page: whoever reads it sees the old or the new one, whatever stops the writer."""

import asyncio
import errno
import fcntl
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.core.model import Outlet
from outagetui.machine import files
from outagetui.outlets import Delivered, Delivery, find, page, publish
from tests.kit.writer_before import written_before
from tests.outlets.kit import TOOLS

OLD = (("feed.atom", b"old feed"), ("status.json", b"old status"), ("index.html", b"old index" * 999))
NEW = (("feed.atom", b"new feed"), ("status.json", b"new status"), ("index.html", b"new index" * 999))
STEPS = ("open", "write", "fchmod", "fsync", "replace")
DELIVERY = Delivery(
    announcement="a7",
    part=0,
    key="key-0",
    kind="investigating",
    audience="customers",
    language="en",
    title="Messenger is disrupted",
    body="It fails.",
    since=1795352520.0,
    at=1795352520.0,
)


def outlet(directory: Path, timeout: float = 1.0) -> Outlet:
    return Outlet(id="page", name="Page", kind="page", audience="customers", directory=str(directory), timeout=timeout)


async def publish_once(directory: Path, timeout: float = 1.0) -> Delivered:
    return await publish(outlet(directory, timeout), DELIVERY, TOOLS)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def whole(directory: Path) -> set[str]:
    """Return which of old and new the directory shows; fail on anything between."""
    seen = set()
    for (name, old), (_, new) in zip(OLD, NEW, strict=True):
        content = (directory / name).read_bytes()
        assert content in (old, new), f"{name} is neither old nor new"
        seen.add("old" if content == old else "new")
    return seen


class Tripwire:
    """Counts the system calls of a writer and fails the one numbered `at` with `error`."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, error: int) -> None:
        self.calls: list[str] = []
        for name in STEPS:
            patch.setattr(os, name, self._wrap(name, getattr(os, name), at, error))

    def _wrap(self, name: str, real: Callable[..., object], at: int, error: int) -> Callable[..., object]:
        def call(*args: object, **named: Any) -> object:
            self.calls.append(name)
            if len(self.calls) == at:
                raise OSError(error, os.strerror(error))
            return real(*args, **named)

        return call


def test_a_failure_at_every_step_leaves_whole_files_and_nothing_beside_them(tmp_path: Path) -> None:
    at, seen = 0, []
    while True:
        at += 1
        files.replace(tmp_path, OLD)
        with pytest.MonkeyPatch.context() as patch:
            wire = Tripwire(patch, at, errno.EIO)
            try:
                files.replace(tmp_path, NEW)
            except OSError:
                pass
            else:
                break
        assert set(contents(tmp_path)) == {"feed.atom", "status.json", "index.html"}
        seen.append(whole(tmp_path))
        if wire.calls.count("replace") == 0:
            assert seen[-1] == {"old"}, "something changed before all of the new was on disk"
    assert at > 15
    assert whole(tmp_path) == {"new"}
    assert seen[-1] == {"new"}
    assert {"old", "new"} in seen


def test_everything_is_on_disk_before_the_first_rename_and_the_index_is_renamed_last(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        order: list[str] = []
        real_replace, real_fsync = os.replace, os.fsync

        def fsync(descriptor: int) -> None:
            order.append("fsync")
            real_fsync(descriptor)

        def replace(beside: Path, place: Path) -> None:
            order.append(place.name)
            real_replace(beside, place)

        patch.setattr(os, "fsync", fsync)
        patch.setattr(os, "replace", replace)
        files.replace(tmp_path, NEW)
    assert order == ["fsync", "fsync", "fsync", "feed.atom", "status.json", "fsync", "index.html", "fsync"]


KILLED = """
import os, sys
from pathlib import Path
from outagetui.machine import files
directory, at = Path(sys.argv[1]), 0
old = tuple((name, b"old " + name.encode() * 99) for name in ("feed.atom", "status.json", "index.html"))
new = tuple((name, b"new " + name.encode() * 99) for name in ("feed.atom", "status.json", "index.html"))
while True:
    at += 1
    files.replace(directory, old)
    assert {path.name for path in directory.iterdir()} == {name for name, _ in old}, "left by a killed writer"
    child = os.fork()
    if not child:
        steps = 0
        def wrap(real):
            def call(*args, **named):
                global steps
                steps += 1
                if steps == at:
                    os.kill(os.getpid(), 9)
                return real(*args, **named)
            return call
        for name in ("open", "write", "fchmod", "fsync", "replace"):
            setattr(os, name, wrap(getattr(os, name)))
        files.replace(directory, new)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for (name, before), (_, after) in zip(old, new):
        assert (directory / name).read_bytes() in (before, after), (at, name)
    if (directory / "index.html").read_bytes() == new[2][1]:
        assert [(directory / name).read_bytes() for name, _ in new] == [content for _, content in new]
    if ended == 0:
        break
    assert ended == -9
print(at)
"""


def test_a_writer_killed_at_every_step_leaves_whole_files_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 15


async def test_a_full_disk_is_one_line_and_the_old_page_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.replace(tmp_path, OLD)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    done = await publish_once(tmp_path)
    assert (done.state, done.detail) == ("failed", f"{tmp_path}/feed.atom: No space left on device")
    assert contents(tmp_path) == dict(OLD)


async def test_a_disk_that_takes_only_a_part_leaves_the_old_page(tmp_path: Path) -> None:
    files.replace(tmp_path, OLD)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (7000, limits[1]))  # the kernel cuts a write at this size, then refuses
    try:
        done = await publish_once(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (done.state, done.detail) == ("failed", f"{tmp_path}/index.html: File too large")
    assert contents(tmp_path) == dict(OLD)


async def test_a_missing_directory_a_file_and_none_at_all_fail_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    missing, file = await publish_once(tmp_path / "missing"), await publish_once(tmp_path / "file")
    assert (missing.state, missing.detail) == ("failed", f"{tmp_path}/missing: No such file or directory")
    assert (file.state, file.detail) == ("failed", f"{tmp_path}/file: Not a directory")
    none = await publish(Outlet(id="page", name="P", kind="page", audience="customers"), DELIVERY, TOOLS)
    assert (none.state, none.detail) == ("failed", "outlet page has no directory to write its page to")
    assert not (tmp_path / "missing").exists()


async def test_a_directory_in_the_place_of_the_page_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    done = await publish_once(tmp_path)
    assert (done.state, done.detail) == ("failed", f"{tmp_path}/index.html: Is a directory")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    there = await find(outlet(tmp_path), DELIVERY, TOOLS)
    assert there is not None
    assert there.state == "unknown"


async def test_a_directory_that_may_not_be_written_fails_in_words() -> None:
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        files.replace(directory, OLD)
        directory.chmod(0o555)
        if os.geteuid() == 0:  # root may write anywhere, so be somebody else for a moment
            os.seteuid(65534)
            try:
                done = await publish_once(directory)
            finally:
                os.seteuid(0)
        else:
            done = await publish_once(directory)
        directory.chmod(0o755)
        assert (done.state, done.detail) == ("failed", f"{directory}/feed.atom: Permission denied")
        assert contents(directory) == dict(OLD)


async def test_a_web_server_of_another_user_may_read_whatever_our_mask(tmp_path: Path) -> None:
    mask = os.umask(0o077)
    try:
        assert (await publish_once(tmp_path)).state == "sent"
    finally:
        os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


async def test_two_writers_take_turns(tmp_path: Path) -> None:
    # Each may wait for all others: how fast the disk is, is not what is asked.
    done = await asyncio.gather(*(publish_once(tmp_path, timeout=120.0) for _ in range(8)))
    assert {each.state for each in done} == {"sent"}
    assert set(contents(tmp_path)) == {name for name, _ in page.render(outlet(tmp_path), DELIVERY, "B", "UTC")}


async def test_a_calm_page_never_takes_the_place_of_what_is_announced_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = page.quiet(outlet(tmp_path, timeout=40.0), "B", "UTC", DELIVERY.at)
    done = await written_before(tmp_path, page.render(outlet(tmp_path), DELIVERY, "B", "UTC"), calm, monkeypatch)
    assert (done.state, done.detail) == ("skipped", f"{tmp_path}/index.html is there already")
    assert "Messenger is disrupted" in (tmp_path / "index.html").read_text()


async def test_an_earlier_part_never_takes_the_place_of_a_later_one_that_is_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = replace(DELIVERY, part=1, key="key-1", title="Messenger is back", at=DELIVERY.at + 60, history=(DELIVERY,))
    earlier = publish_once(tmp_path, timeout=40.0)
    done = await written_before(tmp_path, page.render(outlet(tmp_path), later, "B", "UTC"), earlier, monkeypatch)
    assert (done.state, done.detail) == ("skipped", "a newer part of this announcement is already there")
    assert "Messenger is back" in (tmp_path / "index.html").read_text()


def test_a_writer_that_never_ends_is_named_and_not_waited_for_forever(tmp_path: Path) -> None:
    holder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        with pytest.raises(OSError, match="another writer is at work there"):
            files.replace(tmp_path, NEW, patience=0.05)
    finally:
        os.close(holder)
    assert contents(tmp_path) == {}


async def test_a_disk_that_hangs_is_unknown_after_the_outlet_s_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> Delivered:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(page, "publish", hang)
    monkeypatch.setattr(page, "find", hang)
    slow = Outlet(id="page", name="P", kind="page", audience="customers", directory=str(tmp_path), timeout=0.05)
    done = await publish(slow, DELIVERY, TOOLS)
    assert (done.state, done.detail) == ("unknown", "no answer within 0.05 s; it may still be published")
    there = await find(slow, DELIVERY, TOOLS)
    assert there is not None
    assert there.state == "unknown"


async def test_a_publisher_s_own_mistake_is_one_clean_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("one\nline \x1b[31m")

    monkeypatch.setattr(page, "render", broken)
    done = await publish_once(tmp_path)
    assert done.state == "failed"
    assert done.detail.startswith("a fault of outagetui itself; please report it (outlets/page.py line ")
    assert "\x1b" not in done.detail
