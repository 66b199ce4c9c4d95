"""Implement ``kikipounamu update``: print how to update this installation, and look for a newer version."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from runtime.command_line import AsJson
from runtime.terminal import say

if TYPE_CHECKING:
    from app.updates.index import Release
    from app.updates.installation import Installation

_HOW: Final = {
    "checkout": "run from a checkout",
    "pip": "installed with pip",
    "pipx": "installed with pipx",
    "uv-tool": "installed with uv tool",
    "debian": "installed as a Debian package",
    "flatpak": "installed with Flatpak",
    "appimage": "run as an AppImage",
    "folder": "run from its own folder",
    "installer": "installed with its installer",
}
_WHEEL: Final = "kikipounamu-{}-py3-none-any.whl"
_INSTEAD: Final = {
    "funasr": f"get {_WHEEL} too, and run `kikipounamu gpu setup --wheel {_WHEEL}` beside it",
    "server": "take the Python package",
}
_FULL: Final = "take the full folder or package"


def update(
    check: Annotated[
        bool, typer.Option("--check", help="Ask the signed list of versions (updates.url) for a newer one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the command that updates this installation.

    Nothing is installed, and without --check nothing is asked.
    """
    from app.core import process

    process.run("kikipounamu", lambda: report_versions(check=check, as_json=as_json), in_files=False)


async def report_versions(*, check: bool, as_json: bool) -> int:
    """Print how to update, with the newest version if ``check``, and return the exit status.

    Raises ``UpdateError``.
    """
    import asyncio

    from app.diagnostics.checks.installation import missing_extras
    from app.updates.installation import installation_of, read_facts

    facts = await asyncio.to_thread(read_facts)
    release = await _newest(facts.version) if check else None
    found = installation_of(facts, release.version if release else "")
    if as_json:
        from app.cli.output import print_json

        newest = release.version if release else facts.version if check else None
        page = release.page if release else ""
        installed = {"version": facts.version, "installed_by": found.kind, "command": found.command}
        print_json({**installed, "newest": newest, "page": page})
    else:
        lines = [*answer(facts.version, found, release, check=check)]
        if facts.frozen:
            lines += missing_parts_lines(missing_extras(), facts.version)
        say("\n".join(lines))
    return 0


def answer(version: str, found: "Installation", release: "Release | None", *, check: bool) -> Iterable[str]:
    """Yield the lines for people. ``release``: the newer version that the index offers, if any."""
    own = f"kikipounamu {version}, {_HOW[found.kind]}"
    if check and release is None:
        yield f"{own}: this is the newest version."
        return
    yield f"{own}."
    if release is not None:
        yield f"Version {release.version} is available. {release.says.get('en', '')}".rstrip()
    page = f" from {release.page}" if release and release.page else ""
    if found.needs_file:
        yield f"To update, get the new file{page}, quit the app, and run beside it:\n\n    {found.command}\n"
    elif found.command:
        yield f"To update, quit the app and run:\n\n    {found.command}\n"
    elif found.kind == "folder":
        yield f"To update, get the new file{page}, run `kikipounamu quit`, and unpack it in place of this folder."
    else:
        yield f"To update, get the new version{page} and install it over this one."


def missing_parts_lines(extras: Sequence[str], version: str) -> Iterable[str]:
    """Yield a line about parts that a bundle lacks, if any, with a remedy: they cannot be added to it."""
    remedies: dict[str, list[str]] = {}
    for extra in extras:
        remedy = _INSTEAD.get(extra, _FULL).replace("{}", version)
        remedies.setdefault(remedy, []).append(extra)
    if remedies:
        parts = (f"{', '.join(names)} ({remedy})" for remedy, names in remedies.items())
        yield f"Not in it: {'; '.join(parts)}."


async def _newest(installed: str) -> "Release | None":
    """Return the newer version that the index offers, or ``None``, and store the answer for the app."""
    import asyncio
    import time

    from msgspec.structs import replace

    from app.settings.current import settings_now
    from app.updates import memory
    from app.updates.index import place_of
    from app.updates.service import FILE, ask_index
    from runtime.folders import folders
    from runtime.whole_file import keep, read_kept

    settings, _ = await asyncio.to_thread(settings_now)
    wanted = settings.updates
    place = folders().data / FILE
    known = await asyncio.to_thread(read_kept, place, memory.Memory, memory.Memory())
    index = await ask_index(place_of(wanted.url, wanted.key), known.made_s, time.time())
    known = memory.learned(replace(known, asked_s=time.time()), index, installed)
    await asyncio.to_thread(keep, place, known)
    return memory.offer(known, installed)
