"""Look the libraries of the release up in the database of known vulnerabilities. Needs a network.

The packages are those of the bill of materials in ``dist``; the self-contained folder must have the same releases.
pip-audit asks the package index about each release. A mirror may have only the page of the whole project, which
lists the vulnerabilities of its newest release. ``AUDIT.txt`` names the libraries that no source knew.
"""

import json
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused

Page = Callable[[str], dict[str, Any]]
_OWN: Final = "kikipounamu"
_METADATA: Final = re.compile(r"/([^/\n]+)-([^/\n-]+)\.dist-info/$", re.MULTILINE)
_LIMIT_S: Final = 900
_PAGE_S: Final = 30
_NO_PAGE: Final = 404
NAME: Final = "AUDIT.txt"
_ELSEWHERE: Final = "try where there is one, or build with --without audit, which RELEASE.txt then says"


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Write the result of the look-up. Refuse on a known vulnerability, or if no library could be looked up."""
    bill = dist / f"kikipounamu-{version}.cdx.json"
    if not bill.exists():
        raise ReleaseRefused(Refusal.CHECK_FAILED, f"{bill.name} is not in {dist}: build `sbom` first")
    pinned = requirements(json.loads(bill.read_text()))
    for archive in sorted(dist.glob(f"{_OWN}-{version}-linux-*.tar.zst")):
        check_same(archive.name, carried(run("tar", "--list", "--zstd", "--file", archive)), pinned)
    report = with_newest(look_up(pinned), pinned, project_page)
    check_report(report)
    file = dist / NAME
    file.write_text(summary(report, pinned), encoding="utf-8")
    print(file.read_text(encoding="utf-8"), end="")
    return [file]


def requirements(bill: dict[str, Any]) -> list[str]:
    """Return ``name==version`` of each library in a bill of materials, without local versions."""
    parts = [(part["name"], part["version"].partition("+")[0]) for part in bill["components"]]
    return sorted(f"{name}=={version}" for name, version in parts if name != _OWN)


def carried(listing: str) -> list[str]:
    """Return ``name==version`` of each library in a list of an archive's files."""
    found = sorted(_METADATA.findall(listing))
    return [f"{name}=={version}" for name, version in found if name != _OWN]


def check_same(archive: str, libraries: Sequence[str], pinned: Sequence[str]) -> None:
    """Refuse an archive with another release of a library than the one that is looked up."""
    versions = _versions(pinned)
    if other := [
        f"{name} {version}"
        for name, version in _versions(libraries).items()
        if versions.get(name, version) != version
    ]:
        text = f"{archive} has {', '.join(other)}, which the bill of materials does not name: build both anew"
        raise ReleaseRefused(Refusal.CHECK_FAILED, text)


def _versions(pinned: Sequence[str]) -> dict[str, str]:
    return {plain(name): version for name, version in (one.split("==") for one in pinned)}


def look_up(pinned: list[str]) -> dict[str, Any]:
    """Return the report of pip-audit about these libraries."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(pinned))
        listed.flush()
        options = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json", "-r"]
        command = [sys.executable, "-m", "pip_audit", *options, listed.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, stdin=subprocess.DEVNULL)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        text = f"pip-audit reached no database of vulnerabilities: {_ELSEWHERE}: {done.stderr[-500:].strip()}"
        raise ReleaseRefused(Refusal.NOT_LOOKED_UP, text) from error
    return report


def with_newest(report: dict[str, Any], pinned: Sequence[str], page: Page) -> dict[str, Any]:
    """Return the report with skipped libraries looked up on the page of their project, if they are its newest."""
    versions = _versions(pinned)
    return {"dependencies": [_answered(part, versions, page) for part in report["dependencies"]]}


def plain(name: str) -> str:
    """Return the name of a library as the index compares names."""
    return re.sub("[-_.]+", "-", name).lower()


def _answered(part: dict[str, Any], versions: Mapping[str, str], page: Page) -> dict[str, Any]:
    version = versions.get(plain(part["name"]))
    if "skip_reason" not in part or version is None:
        return part
    answered = page(part["name"])
    if answered.get("info", {}).get("version") != version or "vulnerabilities" not in answered:
        return part
    known = [fault for fault in answered["vulnerabilities"] if not fault.get("withdrawn")]
    return {"name": part["name"], "version": version, "vulns": known}


def project_page(name: str) -> dict[str, Any]:
    """Return the page of a project in pip's package index; empty if the index has none.

    :raises ReleaseRefused: if the index does not answer: an empty page would hide vulnerabilities.
    """
    index: Any = import_module("pip._internal.models.index")
    try:
        with urllib.request.urlopen(f"{index.PyPI.pypi_url}/{name}/json", timeout=_PAGE_S) as answer:
            answered: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == _NO_PAGE:
            return {}
        raise _unreachable(name, error) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(name, error) from error
    return answered


def _unreachable(name: str, error: Exception) -> ReleaseRefused:
    return ReleaseRefused(
        Refusal.NOT_LOOKED_UP, f"the package index did not answer for {name}: {error}: {_ELSEWHERE}"
    )


def check_report(report: dict[str, Any]) -> None:
    """Refuse if a library has a known vulnerability, or if no library at all is known."""
    parts = report["dependencies"]
    if found := [f"{part['name']} {fault['id']}" for part in parts for fault in part.get("vulns", ())]:
        raise ReleaseRefused(Refusal.CHECK_FAILED, f"known vulnerabilities: {', '.join(found)}")
    if len(_unknown(report)) == len(parts):
        raise ReleaseRefused(
            Refusal.NOT_LOOKED_UP, f"no database knows any of {len(parts)} libraries: {_ELSEWHERE}"
        )


def summary(report: dict[str, Any], pinned: Sequence[str]) -> str:
    """Return the looked up libraries, and each library without known facts, with its version."""
    versions, unknown = _versions(pinned), _unknown(report)
    lines = [f"{len(pinned) - len(unknown)} of {len(pinned)} libraries were looked up: no known vulnerability"]
    if unknown:
        lines.append("no answer for these, which must be looked up elsewhere:")
        lines += [f"  {name} {versions[plain(name)]}" for name in unknown]
    return "\n".join(lines) + "\n"


def _unknown(report: dict[str, Any]) -> list[str]:
    return sorted(part["name"] for part in report["dependencies"] if "skip_reason" in part)
