"""No message to people holds a word of Python: representations, names of exceptions, numbers of system errors."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "outagetui"
SYSTEM = {"OSError", "FileNotFoundError", "PermissionError", "ConnectionError", "SSLError", "gaierror", "Exception"}
SYSTEM |= {"BaseException", "KeyError", "LookupError", "IndexError", "TypeError", "AttributeError", "BlockingIOError"}
# What is no message: input of a digest, and the names that screens and entries have by their class.
NO_MESSAGES = {
    "announce/previewing.py": "scene.now!r",
    "daemon/step_context.py": "begun!r",
    "board/narrative.py": "type(event).__name__",
    "tui/app.py": "type(self.screen).__name__",
    "tui/screens/help.py": "type(screen).__name__",
    "core/own_fault.py": "__name__",
}


MODULES = sorted(str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py"))


def tree_of(name: str) -> ast.Module:
    return ast.parse((PACKAGE / name).read_text())


def names(kind: ast.expr | None) -> set[str]:
    """The last words of the exceptions that an `except` catches."""
    found = {node.attr for node in ast.walk(kind) if isinstance(node, ast.Attribute)} if kind else set()
    return found | {node.id for node in ast.walk(kind) if isinstance(node, ast.Name)} if kind else {"Exception"}


def representations(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.conversion == ord("r"):
            yield f"{ast.unparse(node.value)}!r"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("repr", "ascii"):
            yield ast.unparse(node)
        if isinstance(node, ast.Attribute) and node.attr in ("__name__", "__class__", "__qualname__"):
            yield ast.unparse(node)


def system_errors(tree: ast.Module) -> Iterator[str]:
    """Yield where the text of an exception of the language or the system is shown, which has its number in it."""
    for handler in ast.walk(tree):
        if not isinstance(handler, ast.ExceptHandler) or not handler.name or not names(handler.type) & SYSTEM:
            continue
        for node in ast.walk(handler):
            whole = node.value if isinstance(node, ast.FormattedValue) else None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "clean"):
                whole = node.args[0] if node.args else None
            if isinstance(whole, ast.Name) and whole.id == handler.name:
                yield f"{ast.unparse(node)} of {ast.unparse(handler.type) if handler.type else 'everything'}"


@pytest.mark.parametrize("name", MODULES)
def test_no_message_is_a_representation(name: str) -> None:
    allowed = NO_MESSAGES.get(name, "nothing")
    assert [each for each in representations(tree_of(name)) if allowed not in each] == []


# Where such a text is looked at and not shown, or is that of a library that words its errors for people.
LOOKED_AT = {"net/trouble.py", "core/troubles.py", "protocols/http_exchange.py", "probes/feeds/rss.py"}


@pytest.mark.parametrize("name", MODULES)
def test_no_message_is_the_text_of_a_system_error(name: str) -> None:
    assert name in LOOKED_AT or list(system_errors(tree_of(name))) == []
