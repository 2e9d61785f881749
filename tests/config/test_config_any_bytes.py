"""Whatever stands in the files, reading them ends in a configuration or in a ConfigError with good lines."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outagetui import config
from tests.kit.configs import BACKUP, PAGE, SETTINGS, write

BOOK = (config.shipped() / "playbooks" / "messenger-down.toml").read_bytes()
GOOD = {
    "outagetui.toml": (Path(__file__).parents[1] / "data" / "broken" / "outagetui.toml").read_bytes(),
    "audience.toml": (Path(__file__).parents[1] / "data" / "small" / "audience.toml").read_bytes(),
    "checks/a.toml": (config.shipped() / "checks" / "phone.toml").read_bytes(),
    "playbooks/p.toml": BOOK,
    "playbooks/announcements/update.en.txt": b"Title {business}\n\nBody {since} {{braces}}\n",
}
PIECES = st.sampled_from(
    [
        *(b"", b"\n", b'"', b"'", b'"""', b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b",", b"#", b".", b"\\", b"\x00"),
        *(b"\xff", b"\x1b[2J", b"nan", b"-1", b"0x" + b"f" * 40, b"1979-05-27", b"true", b"[]", b"{}", b'""', b'"a"'),
    ]
)
many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def attempt(tmp_path: Path) -> Callable[[str, bytes], None]:
    """Load a configuration with one file's content replaced; anything but a ConfigError fails the test."""
    write(tmp_path, {"checks/b.toml": BACKUP, "checks/page.toml": PAGE})

    def load(name: str, content: bytes) -> None:
        write(tmp_path, {**GOOD, "outagetui.toml": SETTINGS, name: content})
        config.digest(tmp_path)
        lines = max(content.count(b"\n") + 1, len(content.decode(errors="replace").splitlines()))
        try:
            config.load(tmp_path)
            found: tuple[config.Problem, ...] = ()
        except config.ConfigError as error:
            found = error.problems
            assert found
        for problem in found:
            assert str(problem).isprintable()
            assert problem.line >= 1
            if problem.path == str(tmp_path / name):
                assert problem.line <= lines

    return load


@given(name=st.sampled_from(sorted(GOOD)), content=st.binary(max_size=200))
@many
def test_any_bytes(attempt: Callable[[str, bytes], None], name: str, content: bytes) -> None:
    attempt(name, content)


@given(name=st.sampled_from(sorted(GOOD)), data=st.data())
@many
def test_any_mutation_of_good_files(attempt: Callable[[str, bytes], None], name: str, data: st.DataObject) -> None:
    content = GOOD[name]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 12)))
        content = content[:start] + data.draw(PIECES) + content[end:]
    attempt(name, content)


WRONG = st.sampled_from(
    ['""', "[]", "{}", "0", "-1", "nan", "true", "07:32:00", '["", 1]', "{ a = {} }", "[[[]]]", '"\\u001b"']
)


@given(name=st.sampled_from(sorted(name for name in GOOD if name.endswith(".toml"))), data=st.data())
@many
def test_any_value_of_a_wrong_type(attempt: Callable[[str, bytes], None], name: str, data: st.DataObject) -> None:
    lines = GOOD[name].decode().splitlines()
    places = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    number = data.draw(st.sampled_from(places))
    lines[number] = lines[number].partition(" = ")[0] + " = " + data.draw(WRONG)
    attempt(name, "\n".join(lines).encode())
