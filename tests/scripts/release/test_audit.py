from pathlib import Path
from typing import Any

import pytest

from scripts.release import audit
from scripts.release.errors import Refusal, ReleaseRefused


def refused(report: dict[str, Any]) -> ReleaseRefused:
    with pytest.raises(ReleaseRefused) as caught:
        audit.check_report(report)
    return caught.value


def test_requirements_are_the_libraries_of_the_bill_without_our_own_package() -> None:
    parts = [("zlib", "1.0"), ("kikipounamu", "0.1.0"), ("torch", "2.9.0+cpu")]
    bill = {"components": [{"name": name, "version": version} for name, version in parts]}
    assert audit.requirements(bill) == ["torch==2.9.0", "zlib==1.0"]


def test_report_without_vulnerabilities_passes() -> None:
    audit.check_report({"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []})


def test_report_with_a_vulnerability_is_refused_with_its_number() -> None:
    vulnerable = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2"]}]}
    refusal = refused({"dependencies": [vulnerable]})
    assert refusal.kind is Refusal.CHECK_FAILED and "a PYSEC-2026-1" in str(refusal)


def test_report_that_skipped_a_library_is_refused() -> None:
    parts = [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "could not be audited"}]
    refusal = refused({"dependencies": parts})
    assert refusal.kind is Refusal.NOT_LOOKED_UP and "1 of 2 libraries are not in the database" in str(refusal)


def test_missing_database_is_a_refusal_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/echo")  # says no JSON, as pip-audit without a network does
    with pytest.raises(ReleaseRefused, match="--without audit") as caught:
        audit.look_up([])
    assert caught.value.kind is Refusal.NOT_LOOKED_UP


def test_audit_wants_the_bill_first(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match=r"kikipounamu-0\.1\.0\.cdx\.json is not in"):
        audit.build(tmp_path, tmp_path, "0.1.0")
