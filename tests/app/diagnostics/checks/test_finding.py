"""Findings as values: severities, texts and counts."""

import re
from functools import cache
from pathlib import Path

from app.core.errors import Note
from app.core.sentences import LANGUAGES, Sentences, entries
from app.desktop.abilities import abilities
from app.diagnostics.checks import worker
from app.diagnostics.checks.finding import (
    Finding,
    Severity,
    Topic,
    ability_finding,
    advice,
    count,
    finding_text,
    ok,
    wrong,
)
from tests.app.desktop.desktops import DESKTOPS
from tests.helpers.placeholders import placeholders


def test_finding_has_severity_and_texts() -> None:
    assert ok(Topic.DISK, "disk-room", size=3) == Finding(Topic.DISK, Severity.OK, "disk-room", {"size": "3"})
    assert advice(Topic.TRAY, "tray-none").severity is Severity.ADVICE
    because = wrong(Topic.LOG, "stopped").because(Note("gateway-failed"))
    assert because.severity is Severity.PROBLEM and because.reason == Note("gateway-failed")


def test_count_counts_one_severity() -> None:
    findings = [ok(Topic.LOG, "log-quiet"), wrong(Topic.LOG, "failed"), wrong(Topic.LOG, "failed")]
    assert [count(findings, severity) for severity in Severity] == [1, 0, 2]


DOCTOR = Path(__file__).resolve().parents[4] / "app" / "diagnostics" / "checks"
MADE = re.compile(r'\b(?:ok|advice|wrong|bad|finding)\(\s*(?:Topic\.\w+|area|one\.area),\s*"([a-z0-9-]+)"')


@cache
def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in DOCTOR.glob("*.py"))


def named(table: str) -> set[str]:
    return {key.removeprefix(table) for key in entries("en") if key.startswith(table)}


def test_every_finding_has_a_text() -> None:
    made = set(MADE.findall(sources()))
    assert len(made) > 60
    assert made - named("doctor.found.") == set()


def test_every_text_belongs_to_a_finding() -> None:
    of_abilities = {ability_finding(one).key for found in DESKTOPS.values() for one in abilities(found)}
    others = named("doctor.found.") - of_abilities - {f"worker-{key}" for key in worker._KEYS}
    assert {key for key in others if f'"{key}"' not in sources()} == set()
    assert named("doctor.do.") - named("doctor.found.") == set()


def test_every_area_has_a_title() -> None:
    assert named("doctor.area.") == set(Topic)


def test_text_of_a_finding_has_title_finding_and_remedy() -> None:
    english = finding_text(Sentences(), wrong(Topic.MODELS, "model-damaged", model="fsmn-vad"))
    assert english.title == "Models" and english.found == "fsmn-vad is damaged."
    assert "kikipounamu models get fsmn-vad" in english.do
    assert finding_text(Sentences("zh"), ok(Topic.TRAY, "tray-there")).do == ""


def test_text_of_a_finding_has_its_reason_in_the_same_language() -> None:
    finding = wrong(Topic.LOG, "stopped").because(Note("gateway-failed"))
    assert "server on this computer stopped" in finding_text(Sentences("en"), finding).found
    assert "本机服务器已停止" in finding_text(Sentences("zh"), finding).found


def test_texts_with_counts_have_plural_forms() -> None:
    counted = {
        key for key, entry in entries("en").items() if key.startswith("doctor.") and "count" in placeholders(entry)
    }
    assert counted and all(not isinstance(entries("en")[key], str) for key in counted)
    one = ok(Topic.RECORDINGS, "recordings", count=1, minutes=1, size="3 kB")
    assert finding_text(Sentences(), one).found == "1 recording, 1 min, 3 kB."


def test_broker_has_the_same_name_in_all_texts() -> None:
    elsewhere = ok(Topic.BROKER, "broker-elsewhere", version="valkey 9.1", percent=3)
    assert finding_text(Sentences("en"), elsewhere).title == "Queue"
    assert finding_text(Sentences("zh"), elsewhere).title == "队列"


def test_texts_for_windows_mention_no_command_options() -> None:
    for language in LANGUAGES:
        texts = {key: entry for key, entry in entries(language).items() if key.startswith("doctor.")}
        assert {
            key for key, entry in texts.items() if "--bundle" in str(entry) or "this command" in str(entry)
        } == set()
