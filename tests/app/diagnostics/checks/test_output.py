"""List, summary, JSON and exit status of the doctor command."""

import io
import json

from rich.console import Console

from app.core.sentences import Sentences
from app.diagnostics.checks.finding import Finding, Topic, advice, ok, wrong
from app.diagnostics.checks.output import Listing, as_json, status, summary

WELL = ok(Topic.TRAY, "tray-there")
HINT = advice(Topic.TRAY, "tray-none")
BAD = wrong(Topic.MODELS, "model-damaged", model="fsmn-vad")


EN = Sentences()


def listed(*findings: Finding, terminal: bool = False, quiet: bool = False, say: Sentences = EN) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=60, highlight=False, color_system=None)
    with Listing(say, [Topic.TRAY, Topic.MODELS], console, quiet=quiet) as listing:
        listing.show_area(Topic.TRAY, tuple(one for one in findings if one.area is Topic.TRAY))
        listing.show_area(Topic.MODELS, tuple(one for one in findings if one.area is Topic.MODELS))
        listing.sum_up(findings)
    return out.getvalue()


def test_listing_prints_remedy_below_finding() -> None:
    lines = listed(WELL, BAD).splitlines()
    assert lines[0].split() == ["ok", "Tray", "The", "tray", "is", "available."]
    assert lines[1].startswith("PROBLEM  Models") and lines[1].endswith("fsmn-vad is damaged.")
    assert lines[2].strip().startswith("Do this: Run kikipounamu models get fsmn-vad")
    assert lines[-1] == "1 problem; everything else is well."


def test_listing_shows_progress_on_terminal() -> None:
    shown = listed(WELL, BAD, terminal=True)
    assert "PROBLEM" in shown and "Do this:" in shown and "Checking: " in shown


def test_listing_is_silent_when_json_is_requested() -> None:
    assert listed(WELL, BAD, quiet=True) == listed(WELL, BAD, quiet=True, terminal=True) == ""
    result = json.loads(as_json(Sentences(), [WELL, HINT, BAD], "1.0"))
    assert (result["kikipounamu"], result["problems"], result["advice"]) == ("1.0", 1, 1)
    assert result["findings"][2] == {
        "area": "models",
        "severity": "problem",
        "key": "model-damaged",
        "title": "Models",
        "found": "fsmn-vad is damaged.",
        "do": "Run kikipounamu models get fsmn-vad (downloads damaged files only)",
        "values": {"model": "fsmn-vad"},
    }


def test_summary_counts_problems_and_advice() -> None:
    assert summary(EN, [WELL]) == "All is well."
    assert summary(EN, [HINT, HINT]) == "2 pieces of advice; everything else is well."
    assert summary(EN, [WELL, HINT, BAD, BAD]) == "2 problems and 1 piece of advice; everything else is well."


def test_listing_speaks_the_language_of_the_windows() -> None:
    lines = listed(WELL, BAD, say=Sentences("zh")).splitlines()
    assert lines[0] == f"正常     托盘{'':16}托盘可用。"
    assert lines[1].startswith("问题     模型  ")
    assert "处理方法：" in lines[2] and lines[-1] == "1 个问题，其余正常。"


def test_status_ignores_advice() -> None:
    assert status([WELL, HINT]) == 0 and status([WELL, BAD]) == 1
