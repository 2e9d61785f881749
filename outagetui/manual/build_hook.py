"""Puts the man pages into the package that hatchling builds, an editable one too."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManPages(BuildHookInterface[Any]):
    """Writes the pages into a directory of its own, for as long as the build takes."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the pages, and say where pip puts them."""
        # The package is not installed where it is built, and nothing that it needs is.
        sys.path.insert(0, self.root)
        try:
            from outagetui.manual.man import NAMES, man
        finally:
            sys.path.remove(self.root)
        self._place = tempfile.TemporaryDirectory(prefix="outagetui-man-")
        for section, name in NAMES.items():
            file = Path(self._place.name) / name
            file.write_text(man(section), encoding="ascii")
            build_data["shared_data"][str(file)] = f"share/man/man{section}/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Clear away what the package now holds."""
        self._place.cleanup()
