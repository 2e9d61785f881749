"""How much is measured: all that the goals are stated for, or with --quick less of it at the same rate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """A paced load of `targets` every `every` seconds: `warm` seconds to find its rhythm, `window` measured ones."""

    targets: int
    every: float
    warm: float
    window: float

    @property
    def expected(self) -> float:
        """How many probes belong into the window."""
        return self.targets * self.window / self.every

    def enough(self, probes: int) -> None:
        """Raise OSError when another number of probes came than belongs into the window."""
        if abs(probes - self.expected) > 0.1 * self.expected:
            words = f"{probes} probes came in {self.window:.0f} s instead of {self.expected:.0f}"
            raise OSError(f"{words}: this machine is too busy")
