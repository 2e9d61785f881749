"""The program where every user of the machine can run it, also when this Python or the checkout is closed to them."""

import importlib.metadata
import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LEFT_OUT = shutil.ignore_patterns(
    "test", "tests", "idlelib", "tkinter", "lib2to3", "ensurepip", "site-packages", "config-*"
)


def program_for_everybody(place: Path) -> Path:
    """Make a script `outagetui` in `place`, a directory that everybody may enter; what is closed is copied there."""
    python, search, libraries = Path(os.path.realpath(sys.executable)), [], ""
    stdlib = Path(sysconfig.get_path("stdlib"))
    if not (_open_to_all(python) and _open_to_all(stdlib / "os.py")):
        libraries = str(place / "lib")
        shutil.copytree(stdlib, place / "lib" / stdlib.name, ignore=LEFT_OUT)
        for library in Path(sys.base_prefix, "lib").glob("libpython3*.so*"):
            shutil.copy2(library, libraries)
        (place / "bin").mkdir()
        python = Path(shutil.copy2(python, place / "bin"))
    site = Path(sysconfig.get_path("purelib"))
    packages = ROOT
    if not _open_to_all(ROOT / "outagetui" / "__main__.py"):
        packages = place / "package"
        for name in ("outagetui", "checks", "playbooks"):
            shutil.copytree(ROOT / name, packages / name)
    if not _open_to_all(site / "click" / "__init__.py"):
        site = _copied(site, place / "site")
    search += [str(packages), str(site)]
    script = place / "outagetui"
    lines = ("#!/bin/sh", f"export PYTHONPATH={':'.join(search)}", f'exec {python} -m outagetui "$@"', "")
    script.write_text("\n".join(lines[:2] + (f"export LD_LIBRARY_PATH={libraries}",) * bool(libraries) + lines[2:]))
    script.chmod(0o755)
    return script


def _open_to_all(path: Path) -> bool:
    """Whether users who are nobody in particular may read the file and go to where it is."""
    real = Path(os.path.realpath(path))
    return bool(real.stat().st_mode & 0o004) and all(
        parent.stat().st_mode & 0o001 for each in (path, real) for parent in each.parents
    )


def _copied(site: Path, target: Path) -> Path:
    """Copy what the program depends on, and nothing of what only its tests need."""
    wanted, todo = set[str](), ["outagetui"]
    tops: set[str] = set()
    while todo:
        name = todo.pop()
        if name in wanted:
            continue
        wanted.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or Python
        tops |= {file.parts[0] for file in found.files or () if file.parts[0] != ".." and file.suffix != ".pth"}
        todo += [
            match.group()
            for line in found.requires or ()
            if "extra ==" not in line and (match := re.match(r"[\w.-]+", line))
        ]
    target.mkdir()
    for top in tops:
        if (site / top).is_dir():
            shutil.copytree(site / top, target / top)
        elif (site / top).exists():
            shutil.copy2(site / top, target)
    return target
