"""Look the libraries of the release up in the database of known vulnerabilities. Needs a network.

The packages are those of the bill of materials in ``dist``.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from scripts.release.errors import Refusal, ReleaseRefused

_OWN: Final = "kikipounamu"
_LIMIT_S: Final = 900
_ELSEWHERE: Final = "try where there is one, or build with --without audit, which RELEASE.txt then says"


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Refuse a release with a known vulnerability, or with a library that could not be looked up."""
    bill = dist / f"kikipounamu-{version}.cdx.json"
    if not bill.exists():
        raise ReleaseRefused(Refusal.CHECK_FAILED, f"{bill.name} is not in {dist}: build `sbom` first")
    check_report(look_up(requirements(json.loads(bill.read_text()))))
    return []


def requirements(bill: dict[str, Any]) -> list[str]:
    """Return ``name==version`` of each library in a bill of materials, without local versions."""
    parts = [(part["name"], part["version"].partition("+")[0]) for part in bill["components"]]
    return sorted(f"{name}=={version}" for name, version in parts if name != _OWN)


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


def check_report(report: dict[str, Any]) -> None:
    """Refuse if a library has a known vulnerability, or was skipped: what is not known is not safe."""
    parts = report["dependencies"]
    if found := [f"{part['name']} {fault['id']}" for part in parts for fault in part.get("vulns", ())]:
        raise ReleaseRefused(Refusal.CHECK_FAILED, f"known vulnerabilities: {', '.join(found)}")
    if skipped := [part["name"] for part in parts if "skip_reason" in part]:
        few = ", ".join(skipped[:3])
        text = f"{len(skipped)} of {len(parts)} libraries are not in the database, such as {few}: {_ELSEWHERE}"
        raise ReleaseRefused(Refusal.NOT_LOOKED_UP, text)
