"""The manual as man pages."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from outagetui.manual import PAGES, source
from outagetui.manual.man import NAMES, man

ROOT = Path(__file__).parents[2]
INSTALL = "{0} is missing: apt-get install {1}"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("section", NAMES)
def test_a_man_page_is_without_faults_and_fits_eighty_columns(tmp_path: Path, section: int, locale: str) -> None:
    file = tmp_path / NAMES[section]
    file.write_text(man(section), encoding="ascii")
    program = shutil.which("man")
    assert program, INSTALL.format("man", "man-db")
    environment = os.environ | {"MANWIDTH": "80", "LC_ALL": locale, "MANROFFOPT": "-ww"}
    done = subprocess.run(
        [program, "--warnings=w", "-l", str(file)], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert f"outagetui({section})" in done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_in_one_of_the_man_pages(page: str) -> None:
    title = source(page).splitlines()[0].removeprefix("# ").upper()
    assert [section for section in NAMES if f"\n.SH {title}\n" in man(section)] == [PAGES[page]]


def test_an_editable_installation_is_renewed_when_a_page_changes() -> None:
    make = shutil.which("make")
    assert make, INSTALL.format("make", "make")
    words = [make, "--dry-run", "--what-if", "outagetui/manual/start.md", ".venv/.installed"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "pip install" in done.stdout
