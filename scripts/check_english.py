"""Refuse docstrings and test names that a reader must read twice. Standard library only.

    python3 scripts/check_english.py FOLDER...

Prints each place with its fault; the exit status is 1 if there is one.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NO_OPENER: Final = re.compile(
    r"it|its|they|them|this|that|these|those|one|ones|what|whatever|whether|who|whoever|whom|whose|nobody|somebody|"
    r"anybody|everybody|none|nothing|there|here|some|others|another|each|as|so|where",
    re.IGNORECASE,
)
_LEAST_WORDS: Final = 4
_WORD: Final = re.compile(r"[A-Za-z'-]+")
_NO_SUBJECT: Final = re.compile(
    r"test_(it|they|what|whatever|whether|who|whoever|nobody|somebody|one|some|none|there|those|nothing)_"
)
_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def faults(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and fault of each docstring and test name that breaks a rule."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, _Named | ast.Module):
            continue
        line, name = (node.lineno, node.name) if isinstance(node, _Named) else (1, "module")
        if _NO_SUBJECT.match(name):
            yield line, f"{name}: a test name begins with its subject"
        if fault := docstring_fault(ast.get_docstring(node) or ""):
            yield line, f"{name}: {fault}"


def docstring_fault(text: str) -> str:
    """Return the rule that a docstring breaks, or an empty string."""
    words = _WORD.findall(text.partition("\n")[0])
    if words and _NO_OPENER.fullmatch(words[0]):
        return f"a docstring names its subject, it does not begin with {words[0]!r}"
    if text and "\n" not in text and len(words) < _LEAST_WORDS:
        return f"a docstring of under {_LEAST_WORDS} words repeats the name: say more"
    return ""


def main(folders: list[str]) -> int:
    """Print all faults in the Python files below ``folders``; return the exit status."""
    found = False
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.py")):
        for line, fault in sorted(faults(path.read_text(encoding="utf-8"))):
            print(f"{path}:{line}: {fault}")
            found = True
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
