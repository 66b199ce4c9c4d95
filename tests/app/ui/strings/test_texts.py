"""Texts in both languages: the same keys, the same values, and no unused text."""

import re
from functools import cache
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.format import Format
from app.core.sentences import LANGUAGES, entries
from app.core.states import State
from app.desktop.configuration import places
from app.diagnostics.checks.finding import Severity, Topic
from app.diagnostics.report.log_lines import LEVELS
from app.diagnostics.report.view import ComponentKind
from app.dictation.gestures import TalkMode
from app.dictation.runner import MICROPHONE_NOTES
from app.files.view import FileNote, FileState
from app.hotkeys import conflicts
from app.hotkeys.compositor_lines import Compositor
from app.insertion.outcome import HoldReason
from app.insertion.program_picker import PickState
from app.local_services.worker_view import LocalWorkerState
from app.models.engines import KINDS
from app.models.view import ModelState, Purpose
from app.monitoring.view import UtteranceFilter
from app.onboarding.steps import Step
from app.settings.checks import RULE_FAULTS
from app.settings.schema import all_settings
from app.sharing.view import SharingState
from app.ui.computers.share_form import CLIENT, WORKER
from app.ui.help.panels import PARTS
from app.ui.models.panel import GROUPS
from app.ui.models.wording import CardAction
from app.ui.onboarding.welcome_step import ROWS
from app.ui.settings.row_table import ELSEWHERE
from app.ui.settings.wording import PLACES, SECTIONS, option_keys
from app.ui.shell.front import PAGES
from app.ui.strings.texts import SYSTEM, Texts, language_for
from protocol.pairing import PairRefusal
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import ChoiceReason
from tests.helpers.placeholders import placeholders

APP = Path(__file__).resolve().parents[4] / "app"
OF_THE_SYSTEM = re.compile(r"\.(hotkeys-forbidden|microphone-silenced|accessibility-denied|microphone-denied)$")
"""Texts that quote labels of macOS or Windows."""
WITH_ROW = [name for name in all_settings() if name not in ELSEWHERE]
LOG_NAMES = [
    *("name", "says", "search", "level", "program", "list", "text"),
    *("count", "older", "loading", "nothing-found", "empty"),
]
FAMILIES = {
    "state": [state.value for state in State],
    "worker": [state.value for state in LocalWorkerState],
    "mode": [mode.value for mode in TalkMode],
    "note": [
        *MICROPHONE_NOTES.values(),
        *HoldReason,
        *(f"pair-{reason.value.replace('_', '-')}" for reason in PairRefusal),
    ],
    "language": [SYSTEM, *LANGUAGES],
    "key": ["left", "right"],
    "action": ["paste", "copy", "dismiss", "recover"],
    "take": ["paste-name", "copy-name", "dismiss-name", "recover-name"],
    "page": [*PAGES, "monitor"],
    "home.press": [*(mode.value for mode in TalkMode), "without-key"],
    "home.then": [*(mode.value for mode in TalkMode), "without-key"],
    "settings.section": SECTIONS,
    "settings.dictionary": ["says", "open"],
    "settings.picker": ["add", "find", "search", "list", "none", "remove"],
    "settings.spoken": ["auto", "system", "any-model"],
    "settings.group": [group for groups in PLACES.values() for group in groups],
    "onboarding.step": list(Step),
    "onboarding.heading": list(Step),
    "onboarding.says": [step.value for step in Step if step is not Step.TRY],
    "onboarding": ["next", "finish", "skip"],
    "onboarding.row": ROWS,
    "onboarding.foot": [
        *("ready", "paused", "elsewhere", "starting", "downloading", "failed", "off"),
        *(f"{name}{end}" for name in ("pause", "resume", "again", "switch-on") for end in ("", "-name")),
    ],
    "onboarding.try": [mode.value for mode in TalkMode],
    "onboarding.how": [*(mode.value for mode in TalkMode), "without-key"],
    "settings.title": WITH_ROW,
    "settings.says": WITH_ROW,
    "settings.find": WITH_ROW,
    "settings.allowed": [
        *("text", "words", "steps", "lent"),
        "language",
        "languages",
        "model",
        "url",
        "key",
        "hours",
        "port",
        "index_url",
        "index_key",
    ],
    "settings.updates": ["unknown", "asking", "current", "newer"],
    "settings.unit": ["history.days", "history.megabytes", "history.keep", "worker.gpu_memory"],
    "settings.empty": ["gateway.url", "recognition.languages", "worker.hours"],
    "settings.key-use": {*conflicts._PC.values(), *conflicts._MAC.values()},
    "settings.key-lines.missing": ["lone", "everywhere", "unknown"],
    "settings.key-lines.where": list(Compositor),
    "settings.key-lines.written": [each for each in Compositor if places(each, Path("/main"))],
    "files": ["pause", "resume", "retry"],
    "files.state": [state.value for state in FileState],
    "files.note": [key.value for key in FileNote],
    "help.examine": ["name", "says", "list", "text", "do"],
    "help.report": ["name", "says", "list", "text"],
    "monitor": ["span", "workers", "stages", "utterances"],
    "words": ["hears-hint", "writes-hint", "whole-hint", "case-hint", "takes-hint"],
    "help.examine.severity": [severity.value for severity in Severity],
    "doctor.mark": [severity.value for severity in Severity],
    "help.level": [*LEVELS, "unreadable"],
    "help.logs": [f"level-{level}" for level in LEVELS[:4]] + LOG_NAMES,
    "help.about": ["says", "search", "list", "text"],
    "help.part": [*PARTS, "log"],
    "help.kind": [kind.value for kind in ComponentKind],
    "models.state": [state.value for state in ModelState],
    "doctor.area": list(Topic),
    "models.about": list(KINDS),
    "spoken": {code for model in load_catalogue().models for code in model.languages},
    "models.recommended": [
        ChoiceReason.ACCURATE,
        ChoiceReason.FASTEST,
        ChoiceReason.FITS,
        ChoiceReason.NO_WHISPER,
    ],
    "models.default": [
        ChoiceReason.CHINESE,
        ChoiceReason.NO_HUB,
        ChoiceReason.NO_CHINESE,
        ChoiceReason.INSTALLED,
        ChoiceReason.NO_WHISPER,
    ],
    "models.purpose": [purpose.value for purpose in Purpose],
    "models.source": ["modelscope", "huggingface", "wheels", "folder", "export"],
    "models.names": list(KINDS),
    "models.group": GROUPS,
    "models": [action.value for action in CardAction],
    "models.fast": ["measured", "estimated", "measured-slow", "estimated-slow"],
    "models.stated": ["paper", "model-card", "measured"],
    "models.detail": ["called", "engine", "sources", "languages", "since", "used", "measure", "figures", "files"],
    "words.wrong": list(RULE_FAULTS),
    "programs.pick": [state for state in PickState if state not in {PickState.PICKED, PickState.CANCELLED}],
    "programs.wrong": ["empty", "long", "twice", "too-many"],
    "sharing": [state.value for state in SharingState],
    "sharing.invite": [CLIENT, WORKER, "paired-client", "paired-worker", "expired", "locked", "intercepted"],
    "computers": ["dictates", "lends"],
    "monitor.show": list(UtteranceFilter),
    "monitor.none": list(UtteranceFilter),
    "pairing": ["title", "to", "pick", "say", "sends", "go", "asking"],
    "lending": ["title", "to", "pick", "say", "sends", "go", "asking"],
    "files.form": [form.value for form in Format],
    "language.latin": list(LANGUAGES),
    "columns": [
        *("id", "started", "length", "state", "text", "name"),
        *("size", "languages", "speed", "licence", "rate", "by"),
    ],
}
OPTIONS = {key for name in WITH_ROW for key in option_keys(all_settings()[name]).values()}
NAMED = ("microphone.name", "hotkey.name", "mode.name", "language.name", "worker.name")
PLAIN_NOTE = re.compile(r'\bNote\("([a-z-]+)"')


@cache
def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in APP.rglob("*.py"))


@cache
def wanted() -> set[str]:
    """Return the keys named in the sources and those of families built from values."""
    literal = entries("en").keys() & set(re.findall(r'(?<=")[\w.-]+(?=")', sources()))
    made = {f"{family}.{name}" for family, names in FAMILIES.items() for name in names}
    notes = {f"note.{name}" for name in PLAIN_NOTE.findall(sources())}
    findings = {
        key for key in entries("en") if key.startswith(("doctor.found.", "doctor.do."))
    }  # tests/app/diagnostics/checks/test_finding.py
    return (
        literal
        | made
        | notes
        | findings
        | OPTIONS
        | set(NAMED)
        | {f"{key}-key" for key in made | notes if f"{key}-key" in entries("en")}
    )


def misquoted(key: str) -> list[str]:
    """Return the labels that a Chinese text quotes, but no window shows or the English text does not name."""
    quoted = re.findall("“([^”{]+)”", "".join(forms("zh", key)))
    return [label for one in quoted for label in one.split(" › ") if not named(label, " ".join(forms("en", key)))]


def named(label: str, english: str) -> bool:
    """Return whether an English text names the same text as a Chinese label."""
    return any(form in english for key in entries("zh") if label in forms("zh", key) for form in forms("en", key))


def forms(language: str, key: str) -> list[str]:
    entry = entries(language)[key]
    return [entry] if isinstance(entry, str) else list(entry.values())


def test_both_languages_have_the_same_keys() -> None:
    assert entries("en").keys() == entries("zh").keys()


def test_every_needed_text_exists() -> None:
    assert wanted() - entries("en").keys() == set()


def test_every_literal_key_in_sources_exists() -> None:
    named = set(re.findall(r'texts\(\s*"([a-z.-]+)"', sources()))
    assert len(named) > 30
    assert named - entries("en").keys() == set()


def test_no_text_is_unused() -> None:
    assert entries("en").keys() - wanted() == set()


def test_both_languages_take_the_same_values() -> None:
    english, chinese = ({key: placeholders(entry) for key, entry in entries(each).items()} for each in LANGUAGES)
    assert english == chinese


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_all_forms_with_count(language: str) -> None:
    plurals = {key: entry for key, entry in entries(language).items() if not isinstance(entry, str)}
    assert plurals
    forms = {"one", "other"} if language == "en" else {"other"}
    for key, entry in plurals.items():
        assert set(entry) == forms, key
        assert all("{count}" in form for form in entry.values()), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_padded(language: str) -> None:
    for key, entry in entries(language).items():
        for form in [entry] if isinstance(entry, str) else entry.values():
            assert form and form == form.strip(), key


@pytest.mark.parametrize(("count", "text"), [(0, "0 texts"), (1, "1 text "), (2, "2 texts"), (11, "11 texts")])
def test_english_count_has_singular_and_plural(count: int, text: str) -> None:
    assert Texts("en")("overlay.held", count=count).startswith(text)


def test_count_may_be_a_string() -> None:
    assert Texts("en")("note.held-let-go", count="1") != Texts("en")("note.held-let-go", count="2")
    assert "3" in Texts("zh")("note.held-let-go", count="3")


def test_values_are_inserted_verbatim() -> None:
    assert Texts("en")("note.microphone-failed", reason="{reason} {x}") == "Recording stopped. {reason} {x}"


def test_unknown_key_or_missing_value_raises() -> None:
    with pytest.raises(KeyError):
        Texts("en")("no.such")
    assert not Texts("en").has("no.such")
    with pytest.raises(KeyError):
        Texts("en")("place.to")


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (["zh-Hans-CN", "en"], "zh"),
        (["zh-CN"], "zh"),
        (["zh_TW"], "zh"),
        (["zh-Hant-HK"], "zh"),
        (["en-NZ"], "en"),
        (["mi-NZ", "zh"], "zh"),
        (["fr"], "en"),
        ([], "en"),
    ],
)
def test_language_tags_map_to_supported_languages(tags: list[str], language: str) -> None:
    assert language_for(tags) == language


def test_texts_change_language_at_runtime(qtbot: QtBot) -> None:
    texts = Texts("en")
    with qtbot.waitSignal(texts.changed):
        texts.choose("zh")
    assert texts("state.listening") == "正在聆听"
    with qtbot.assertNotEmitted(texts.changed):
        texts.choose("zh")
    texts.choose("zh-Hant")
    assert (texts.language, texts.chosen) == ("zh", "zh-Hant")
    texts.choose(SYSTEM)
    assert texts.language in LANGUAGES


def test_texts_quote_only_labels_that_windows_show() -> None:
    ours = (key for key in entries("zh") if not OF_THE_SYSTEM.search(key))
    assert {key: found for key in ours if (found := misquoted(key))} == {}
