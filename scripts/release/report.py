"""Describe the steps that were run for a release or left out: ``RELEASE.txt``, a file with a checksum."""

from collections.abc import Collection, Sequence
from typing import Final

NAME: Final = "RELEASE.txt"
_UNDONE: Final = {
    "audit": "no library was looked up in a database of known vulnerabilities",
    "signed_index": "apps do not learn of this version",
}
"""Notes for users of a release without an artefact."""


def report(version: str, commit: str, chosen: Collection[str], known: Sequence[str], *, tested: bool) -> str:
    """Return the text. ``chosen`` and ``known``: names of artefacts."""
    left_out = [name for name in known if name not in chosen]
    lines = [
        f"kikipounamu {version}, commit {commit}",
        f"make check: {'passed' if tested else 'not run'}",
        f"made and checked: {', '.join(name for name in known if name in chosen)}",
        f"left out: {', '.join(left_out) or 'nothing'}",
    ]
    lines += [f"  {name}: {_UNDONE[name]}" for name in left_out if name in _UNDONE]
    return "\n".join(lines) + "\n"
