"""An installation for the tests of whole ways."""

from tests.kit.installation import fresh_installation

__all__ = ["fresh_installation"]
