"""An installation for the tests of commands."""

from tests.kit.installation import fresh_installation

__all__ = ["fresh_installation"]
