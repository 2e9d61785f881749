"""A commented check file for every probe: `KIND.toml`, each a valid configuration by itself."""

from importlib import resources


def names() -> tuple[str, ...]:
    """Return the probes there is an example of, sorted."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def example(kind: str) -> str:
    """Return the example of the probe `kind`, which is one of `names()`."""
    return (resources.files(__name__) / f"{kind}.toml").read_text(encoding="utf-8")
