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


def test_archive_has_the_libraries_of_its_list_of_files() -> None:
    names = (
        "pip-26.3.dist-info/",
        "pip-26.3.dist-info/METADATA",
        "kikipounamu-0.1.0.dist-info/",
        "a_b-1.dist-info/",
    )
    listing = "".join(f"kikipounamu/_internal/{name}\n" for name in names)
    assert audit.carried(listing) == ["a_b==1", "pip==26.3"]


def test_archive_with_another_release_than_is_looked_up_is_refused() -> None:
    audit.check_same("folder", ["A_B==1", "pip==26.3"], ["a-b==1", "pip==26.3"])
    with pytest.raises(ReleaseRefused, match=r"folder has pip 23\.0\.1, which the bill"):
        audit.check_same("folder", ["a_b==1", "pip==23.0.1"], ["a-b==1", "pip==26.3"])


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


SKIPPED: dict[str, Any] = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}


def test_project_page_answers_for_the_newest_release() -> None:
    page = {"info": {"version": "2"}, "vulnerabilities": [{"id": "X-1"}, {"id": "X-2", "withdrawn": "2026-01-01"}]}
    (part,) = audit.with_newest(SKIPPED, ["A==2"], lambda name: page)["dependencies"]
    assert part == {"name": "a", "version": "2", "vulns": [{"id": "X-1"}]}


@pytest.mark.parametrize(
    "page", [{}, {"info": {"version": "3"}, "vulnerabilities": []}, {"info": {"version": "2"}}]
)
def test_project_page_says_nothing_of_other_releases(page: dict[str, Any]) -> None:
    assert audit.with_newest(SKIPPED, ["a==2"], lambda name: page) == SKIPPED


def test_names_are_compared_as_the_index_does() -> None:
    assert audit.plain("Ruamel.yaml_Clib") == "ruamel-yaml-clib"


def test_project_page_is_not_asked_for_an_answered_library() -> None:
    report = {"dependencies": [{"name": "a", "version": "2", "vulns": []}]}
    assert audit.with_newest(report, ["a==2"], lambda name: pytest.fail(name)) == report


def test_project_page_is_empty_without_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pip._internal.models.index.PyPI.pypi_url", "http://127.0.0.1:1")
    assert audit.project_page("a") == {}


def test_missing_database_is_a_refusal_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/echo")  # says no JSON, as pip-audit without a network does
    with pytest.raises(ReleaseRefused, match="--without audit") as caught:
        audit.look_up([])
    assert caught.value.kind is Refusal.NOT_LOOKED_UP


def test_audit_wants_the_bill_first(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match=r"kikipounamu-0\.1\.0\.cdx\.json is not in"):
        audit.build(tmp_path, tmp_path, "0.1.0")
