"""Findings in a report hold nothing that a user said, typed or named."""

import json
import re
from pathlib import Path

from app.core.errors import Note
from app.core.sentences import Sentences, entries
from app.diagnostics.checks.finding import Finding, Topic, advice, ok, wrong
from app.diagnostics.checks.redacted_findings import NAME, part, redacted
from app.diagnostics.checks.worker import WorkerLine, line_findings
from app.diagnostics.report.redaction import LEFT_OUT, Redaction, own_modules
from protocol.engine import EngineInfo
from tests.helpers.placeholders import placeholders
from worker.supervision.doctor import DecodeMeasurement, decode_findings

SECRET = "greenstone of Anahera"


def test_report_leaves_out_names_and_places() -> None:
    findings = [
        ok(Topic.MICROPHONE, "microphones", device=SECRET, names=SECRET, count=2),
        wrong(Topic.DISK, "disk-full", size="3 bytes", folder=f"/home/{SECRET}"),
        ok(Topic.ELSEWHERE, "elsewhere-pinned", name=SECRET, ms=3, workers=1),
        wrong(Topic.WORKER, "worker-fails", what="text", says=SECRET),
        wrong(
            Topic.WORKER,
            "worker-fails",
            what="decode",
            says=f"the engine raised OSError: /home/{SECRET}/model",
        ),
        advice(Topic.LOG, "log-errors", count=3, programs=SECRET, event=SECRET, folder=SECRET),
        wrong(Topic.MODELS, "model-damaged", model=SECRET),
        advice(Topic.GATEWAY, "gateway-version", version="翡翠", own="1.0"),
        wrong(Topic.LOG, "stopped").because(Note("microphone-refused", {"device": SECRET})),
    ]
    made = part(Sentences(), findings)
    result = made.content.decode()
    assert made.name == NAME
    assert not re.search("greenstone|Anahera|翡翠", result)
    assert [one["key"] for one in json.loads(result)] == [finding.key for finding in findings]


def test_report_keeps_values_that_help_support() -> None:
    redaction = Redaction(own_modules())
    kept = [
        wrong(Topic.MODELS, "model-damaged", model="fsmn-vad"),
        ok(Topic.WORKER, "worker-says", what="card 0", says="NVIDIA H100, capability 9.0"),
        wrong(Topic.HOTKEYS, "hotkey-taken", binding="f9"),
        advice(Topic.GATEWAY, "gateway-version", version="0.9.1.dev3", own="1.0"),
        advice(Topic.LOG, "log-quiet", event="broker.died"),
    ]
    assert [redacted(finding, redaction) for finding in kept] == kept


def test_report_keeps_decoding_speed() -> None:
    redaction = Redaction(own_modules())
    for decode_s in (1.25, 20.0):
        lines = list(
            decode_findings(
                DecodeMeasurement(EngineInfo("whisper", "base", "cpu"), 2.0, 10.0, decode_s, SECRET), spoken=True
            )
        )
        said = [WorkerLine(*line) for line in lines if line.what == "decode"]
        (finding,) = line_findings(said, needed=True)
        assert redacted(finding, redaction) == finding
        assert finding.key == ("worker-speed" if decode_s < 10 else "worker-behind")


def test_report_leaves_out_values_unless_listed_as_own(tmp_path: Path) -> None:
    """New values stay out of reports until a developer lists them."""
    redaction = Redaction(own_modules())
    texts = {key: entry for key, entry in entries("en").items() if key.startswith("doctor.found.")}
    names = {name for entry in texts.values() for name in placeholders(entry)}
    finding = Finding(Topic.LOG, ok(Topic.LOG, "x").severity, "x", dict.fromkeys(names, "翡翠 of Anahera"))
    kept = {name for name, value in redacted(finding, redaction).values.items() if value != LEFT_OUT}
    assert kept <= {
        *("binding", "bindings", "count", "detector", "extras", "level", "minutes", "ms", "percent"),
        *("process", "python", "seconds", "since", "size", "sound", "status", "workers"),
    }
