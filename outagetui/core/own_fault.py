"""Words for a fault of this program, which is told by its place: an exception's own words are for programmers. Pure."""

import traceback

_PACKAGE = __name__.partition(".")[0]
WORDS = f"a fault of {_PACKAGE} itself; please report it"


def own_fault(error: BaseException) -> str:
    """Return what to tell people of `error`; what it says may hold words from outside, and is left out."""
    places = (
        (each.filename.rpartition(f"/{_PACKAGE}/"), each.lineno) for each in traceback.extract_tb(error.__traceback__)
    )
    ours = [f"{name[2]} line {line}" for name, line in places if name[1]]
    return f"{WORDS} ({ours[-1]})" if ours else WORDS


def words_of(error: BaseException) -> str:
    """Return words for people of whatever was raised: its own where it was made for them, else `own_fault`.

    The language's own exceptions are not, except those of the system and a ValueError, which tells what is wrong.
    """
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}" if error.strerror else own_fault(error)
    told = isinstance(error, ValueError) or type(error).__module__ != "builtins"
    return str(error) if told and str(error) else own_fault(error)
