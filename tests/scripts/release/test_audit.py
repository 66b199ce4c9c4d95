import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from scripts.release import audit
from scripts.release.errors import Refusal, ReleaseRefused
from tests.helpers.web_server import serving

INDEX = "pip._internal.models.index.PyPI.pypi_url"


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


def test_report_names_libraries_without_an_answer_and_passes() -> None:
    parts = [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "could not be audited"}]
    report = {"dependencies": parts}
    audit.check_report(report)
    first, *unknown = audit.summary(report, ["a==1", "B==2"]).splitlines()
    assert first == "1 of 2 libraries were looked up: no known vulnerability"
    assert unknown == ["no answer for these, which must be looked up elsewhere:", "  b 2"]


def test_summary_of_a_whole_look_up_is_one_line() -> None:
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
    assert audit.summary(report, ["a==1"]).count("\n") == 1


def test_report_without_any_answer_is_refused() -> None:
    refusal = refused({"dependencies": [{"name": "a", "skip_reason": "not found"}]})
    assert refusal.kind is Refusal.NOT_LOOKED_UP and "any of 1 libraries" in str(refusal)


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


def test_project_page_is_refused_without_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(INDEX, "http://127.0.0.1:1")
    with pytest.raises(ReleaseRefused, match="did not answer for a") as caught:
        audit.project_page("a")
    assert caught.value.kind is Refusal.NOT_LOOKED_UP


async def asked_page(monkeypatch: pytest.MonkeyPatch, status: int, text: str) -> dict[str, Any]:
    """Return the page of a project in an index that answers with this status and text."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async with serving(web.get("/a/json", answer)) as url:
        monkeypatch.setattr(INDEX, url)
        return await asyncio.to_thread(audit.project_page, "a")


@pytest.mark.parametrize(
    ("status", "text", "page"), [(200, '{"info": {"version": "2"}}', {"info": {"version": "2"}}), (404, "{}", {})]
)
async def test_project_page_is_empty_only_if_the_index_has_none(
    status: int, text: str, page: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await asked_page(monkeypatch, status, text) == page


@pytest.mark.parametrize(("status", "text", "reason"), [(503, "", "503"), (200, "<html>", "Expecting value")])
async def test_project_page_that_is_no_answer_is_refused(
    status: int, text: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ReleaseRefused, match=reason):
        await asked_page(monkeypatch, status, text)


def test_audit_writes_the_looked_up_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = {"components": [{"name": name, "version": "1"} for name in ("a", "b")]}
    (tmp_path / "kikipounamu-0.1.0.cdx.json").write_text(json.dumps(bill))
    parts = [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]
    monkeypatch.setattr(audit, "look_up", lambda wanted: {"dependencies": parts})
    monkeypatch.setattr(audit, "project_page", lambda name: {})
    assert audit.build(tmp_path, tmp_path, "0.1.0") == [tmp_path / "AUDIT.txt"]
    assert "  b 1\n" in (tmp_path / "AUDIT.txt").read_text()


def test_missing_database_is_refused_with_its_own_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/echo")  # says no JSON, as pip-audit without a network does
    with pytest.raises(ReleaseRefused, match="--without audit") as caught:
        audit.look_up([])
    assert caught.value.kind is Refusal.NOT_LOOKED_UP


def test_audit_wants_the_bill_first(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match=r"kikipounamu-0\.1\.0\.cdx\.json is not in"):
        audit.build(tmp_path, tmp_path, "0.1.0")
