from math import inf

from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.insertion.plan import Rules
from app.journal.retention import DAY_S, RetentionLimits
from app.local_services.worker_limits import WorkerLimits
from app.settings.schema import change_setting
from app.settings.sections import HistorySection, Settings, WorkerSection
from protocol.recognition import Options


def test_sections_provide_values_for_other_packages() -> None:
    settings = Settings()
    assert settings.hotkeys.bindings == {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v"}
    assert settings.recognition.options == Options(partials=True, script="simplified")
    assert settings.history.limits == RetentionLimits()
    assert settings.insertion.rules == Rules()
    assert HistorySection(days=1, megabytes=1, keep=2).limits == RetentionLimits(DAY_S, 1_000_000, 2)
    assert HistorySection(days=0, megabytes=0).limits == RetentionLimits(inf, inf)
    assert WorkerSection(on_battery=False, hours="20:00-08:00").limits == WorkerLimits(False, True, "20:00-08:00")
    assert change_setting(settings, "recognition.script", "as-is").recognition.options.script == ""


def test_options_follow_settings() -> None:
    options = change_setting(Settings(), "hotkeys.mode", "toggle").dictation_options
    assert options.mode is TalkMode.TOGGLE
    assert options.keys["dictate"] == "right_ctrl"
    assert options.options.partials
    assert options.joins and not change_setting(Settings(), "insertion.joins", False).dictation_options.joins


def test_default_options_match_default_settings() -> None:
    options = Settings().dictation_options
    assert (options.mode, options.cues, options.joins) == (
        DictationOptions().mode,
        DictationOptions().cues,
        DictationOptions().joins,
    )
