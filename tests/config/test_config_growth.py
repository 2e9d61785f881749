"""What reading a configuration costs, in counts: nothing is done once for every check that could be done once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui import config
from outagetui.cli.group import outagetui
from outagetui.config import parsed, positions, tomlfile
from outagetui.config.parsed import Draft
from outagetui.config.problems import Report
from tests.kit.grown_configuration import grow


class Walked(dict[str, object]):
    """A dict that counts how often somebody goes through all of it, copying it included."""

    walks = 0

    def __iter__(self) -> Iterator[str]:
        Walked.walks += 1
        return super().__iter__()

    def keys(self) -> Iterator[str]:  # type: ignore[override]  # what a copy by ** asks
        return iter(self)

    def items(self) -> Iterator[tuple[str, object]]:  # type: ignore[override]
        return iter([(key, self[key]) for key in self])

    def values(self) -> Iterator[object]:  # type: ignore[override]
        return iter([self[key] for key in self])


def walks(directory: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    made = Draft.__init__

    def make(self: Draft, directory: Path) -> None:
        made(self, directory)
        for name in ("channels", "outlets", "checks", "playbooks"):
            setattr(self, name, Walked())

    monkeypatch.setattr(parsed.Draft, "__init__", make)
    Walked.walks = 0
    draft = config.read(directory)
    config.notes(draft, config.config_of(draft))
    monkeypatch.undo()
    return Walked.walks


def test_names_are_compared_without_going_through_all_of_them_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = walks(grow(tmp_path / "few", 10), monkeypatch)
    many = walks(grow(tmp_path / "many", 80), monkeypatch)
    assert 0 < few == many


def test_lines_are_looked_for_only_in_a_file_with_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = Counter[str]()
    scan = positions.scan

    def counted(text: str) -> positions.Positions:
        looked[text] += 1
        return scan(text)

    monkeypatch.setattr(positions, "scan", counted)
    directory = grow(tmp_path / "config", 10)
    draft = config.read(directory)
    config.notes(draft, config.config_of(draft))
    assert not looked
    broken = directory / "checks" / "channel-00003.toml"
    broken.write_text(text := broken.read_text().replace('"backup"', '"standby"').replace("5s", "5 apples"))
    with pytest.raises(config.ConfigError) as caught:
        config.load(directory)
    assert [(each.path, each.line) for each in caught.value.problems[:1]] == [(str(broken), 6)]
    assert looked == {text: 1}


def test_validate_reads_every_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = grow(tmp_path / "config", 10)
    opened = Counter[Path]()
    read = tomlfile.read_text

    def counted(path: Path, report: Report) -> str | None:
        opened[path] += 1
        return read(path, report)

    monkeypatch.setattr(tomlfile, "read_text", counted)
    assert CliRunner().invoke(outagetui, ["--config", str(directory), "validate"]).exit_code == 0
    ours = {path: count for path, count in opened.items() if path.is_relative_to(directory / "checks")}
    assert len(ours) == 10
    assert set(ours.values()) == {1}
