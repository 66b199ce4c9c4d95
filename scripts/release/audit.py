"""Look the libraries of the release up in the database of known vulnerabilities. Needs a network.

The packages are those of the bill of materials in ``dist``; the folder must have the same. pip-audit asks the
package index about each release. A mirror may only have the page of the whole project, which tells the
vulnerabilities of its newest release.
"""

import json
import re
import subprocess
import sys
import tempfile
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
_NAMED: Final = 12
_ELSEWHERE: Final = "try where there is one, or build with --without audit, which RELEASE.txt then says"


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Refuse a release with a known vulnerability, or with a library that could not be looked up."""
    bill = dist / f"kikipounamu-{version}.cdx.json"
    if not bill.exists():
        raise ReleaseRefused(Refusal.CHECK_FAILED, f"{bill.name} is not in {dist}: build `sbom` first")
    wanted = requirements(json.loads(bill.read_text()))
    for archive in sorted(dist.glob(f"{_OWN}-{version}-linux-*.tar.zst")):
        check_same(archive.name, carried(run("tar", "--list", "--zstd", "--file", archive)), wanted)
    check_report(with_newest(look_up(wanted), wanted, project_page))
    return []


def requirements(bill: dict[str, Any]) -> list[str]:
    """Return ``name==version`` of each library in a bill of materials, without local versions."""
    parts = [(part["name"], part["version"].partition("+")[0]) for part in bill["components"]]
    return sorted(f"{name}=={version}" for name, version in parts if name != _OWN)


def carried(listing: str) -> list[str]:
    """Return ``name==version`` of each library in a list of an archive's files."""
    found = sorted(_METADATA.findall(listing))
    return [f"{name}=={version}" for name, version in found if name != _OWN]


def check_same(archive: str, libraries: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse an archive with another release of a library than the one that is looked up."""
    versions = _versions(wanted)
    if other := [f"{name} {it}" for name, it in _versions(libraries).items() if versions.get(name, it) != it]:
        text = f"{archive} has {', '.join(other)}, which the bill of materials does not name: build both anew"
        raise ReleaseRefused(Refusal.CHECK_FAILED, text)


def _versions(wanted: Sequence[str]) -> dict[str, str]:
    return {plain(name): version for name, version in (one.split("==") for one in wanted)}


def look_up(wanted: list[str]) -> dict[str, Any]:
    """Return the report of pip-audit about these libraries."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(wanted))
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


def with_newest(report: dict[str, Any], wanted: Sequence[str], page: Page) -> dict[str, Any]:
    """Return the report with what projects' pages say of skipped libraries that are the newest release."""
    versions = _versions(wanted)
    return {"dependencies": [_answered(part, versions, page) for part in report["dependencies"]]}


def plain(name: str) -> str:
    """Return the name of a library as the index compares names."""
    return re.sub("[-_.]+", "-", name).lower()


def _answered(part: dict[str, Any], versions: Mapping[str, str], page: Page) -> dict[str, Any]:
    version = versions.get(plain(part["name"]))
    if "skip_reason" not in part or version is None:
        return part
    told = page(part["name"])
    if told.get("info", {}).get("version") != version or "vulnerabilities" not in told:
        return part
    known = [fault for fault in told["vulnerabilities"] if not fault.get("withdrawn")]
    return {"name": part["name"], "version": version, "vulns": known}


def project_page(name: str) -> dict[str, Any]:
    """Return what pip's index says of a project; nothing if it says nothing."""
    index: Any = import_module("pip._internal.models.index")
    try:
        with urllib.request.urlopen(f"{index.PyPI.pypi_url}/{name}/json", timeout=_PAGE_S) as answer:
            told: dict[str, Any] = json.load(answer)
    except (OSError, HTTPException, ValueError):
        return {}
    return told


def check_report(report: dict[str, Any]) -> None:
    """Refuse if a library has a known vulnerability, or was skipped: what is not known is not safe."""
    parts = report["dependencies"]
    if found := [f"{part['name']} {fault['id']}" for part in parts for fault in part.get("vulns", ())]:
        raise ReleaseRefused(Refusal.CHECK_FAILED, f"known vulnerabilities: {', '.join(found)}")
    if skipped := [part["name"] for part in parts if "skip_reason" in part]:
        few = ", ".join(skipped[:_NAMED]) + (" and others" if skipped[_NAMED:] else "")
        text = f"{len(skipped)} of {len(parts)} libraries are not in the database: {few}: {_ELSEWHERE}"
        raise ReleaseRefused(Refusal.NOT_LOOKED_UP, text)
