"""Scenes of the first steps, files, the dictionary and the monitor, for ``scripts.screenshots``."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Final
from uuid import UUID

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from app.core.errors import Note
from app.core.format import Format
from app.core.segment_observer import SegmentEvent, SegmentStep
from app.core.states import State
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.files.view import FileNote, FileState, FilesView, FileView
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Problem
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView, ModelUse
from app.monitoring.model import MonitorModel
from app.monitoring.view import MonitorView
from app.onboarding.steps import STEPS, MicrophoneActivity, MicrophoneTrial, Step, StepProgress
from app.replacements.rules import Example, Replacement, ReplacementsTried, RuleTried
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.choices import DICTATE
from app.ui.shell.front import DICTIONARY as DICTIONARY_PAGE
from app.ui.shell.front import FILES as FILES_PAGE
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from client.monitor import Lost
from protocol.monitor import BrokerState, Snapshot
from scripts.drawing import Draw, Look, dressed, grabbed, settle
from scripts.example_fleet import MACHINES, OWN, ExampleFleet
from scripts.example_window import CHOICES, DAY, READY, SMALL, Fill, Window, grow, scene

# -- files --------------------------------------------------------------------------------------------------

_FILES: Final = {
    "en": (
        "Board meeting, autumn.m4a",
        "Interview with the carver.mp4",
        "Lecture 7, tides and harbours.mp3",
        "Field notes.wav",
        "Old tape, side B.flac",
        "Draft reading.ogg",
    ),
    "zh": (
        "秋季董事会.m4a",
        "采访玉雕师.mp4",
        "第七讲：潮汐与港口.mp3",
        "田野笔记.wav",
        "旧磁带 B 面.flac",
        "试读.ogg",
    ),
}
_HEARD: Final = {
    "en": (
        "Welcome, everybody. Before we begin, the minutes of the last meeting: are there any corrections to "
        "what was sent round on Monday? Then I take them as read.",
        "…and the stone tells you where it wants to be cut. My grandfather would hold it in the river for a "
        "whole morning before he drew",
        "Today is about the tide in a harbour with two mouths, and why the water there stands still",
    ),
    "zh": (
        "各位早上好。开始之前先看上次的会议纪要：周一发给大家的版本还有没有需要修改的地方？没有的话就算通过了。",
        "……石头会告诉你该从哪里下刀。我爷爷会先把它放在河水里泡上一整个上午，然后才",
        "今天讲的是有两个出口的港口里的潮汐，以及为什么那里的水会静止不动",
    ),
}


def files(language: str) -> FilesView:
    """Return a view with a file in each state."""
    names, said = _FILES[language], _HEARD[language]
    board, carver, lecture, notes, tape, draft = (f"/home/ana/{name}" for name in names)
    stem = names[0].removesuffix(".m4a")
    shown = (
        FileView(
            1,
            board,
            FileState.DONE,
            3127.0,
            3127.0,
            text=said[0],
            results=(f"/home/ana/{stem}.txt", f"/home/ana/{stem}.srt"),
        ),
        FileView(2, carver, FileState.WORKING, 2531.0, 7293.0, 754.0, said[1]),
        FileView(3, lecture, FileState.PAUSED, 1266.0, 5402.0, text=said[2]),
        FileView(4, notes, FileState.WAITING, duration_s=483.0),
        FileView(5, tape, FileState.FAILED, note=Note(FileNote.DAMAGED)),
        FileView(6, draft, FileState.CANCELLED, duration_s=96.0),
    )
    return FilesView(shown, (Format.TXT, Format.SRT))


def trouble(language: str) -> FilesView:
    """Return a view with a message, and a file whose gateway does not answer."""
    view = files(language)
    away = replace(view.files[1], note=Note(FileNote.GATEWAY_AWAY), left_s=None)
    looked_at = replace(view.files[3], state=FileState.ADDED, duration_s=None)
    gaps = replace(view.files[0], note=Note(FileNote.GAPS, {"count": "2"}), gaps=True)
    listed = Note(FileNote.LISTED, {"count": "2"})
    return FilesView((gaps, away, looked_at), view.forms, "/home/ana/texts", listed)


def lists(view: Callable[[str], FilesView], *, over: bool = False) -> Fill:
    """Return a function that shows these files; ``over``: files are being dragged over the page."""

    def fill(window: Window) -> None:
        window.shell.choose(FILES_PAGE)
        window.show(view(window.language))
        window.pages.files.zone.show_over(over)

    return fill


FILES: Final[tuple[Draw, ...]] = (
    scene(lists(lambda _: FilesView((), (Format.TXT, Format.SRT))), height=0.62),
    scene(lists(files)),
    scene(lists(trouble, over=True)),
)


# -- dictionary --------------------------------------------------------------------------------------------

RULES: Final = (
    Replacement("git hub", "GitHub"),
    Replacement("i phone", "iPhone"),
    Replacement("um"),
    Replacement("keykey pounamu", "kikipounamu", whole_word=False),
    Replacement("皮卡", "Pika"),
    Replacement("皮卡车", "皮卡车"),
    Replacement("cloud", "Claude", match_case=True),
)
HOTWORDS: Final = ("pounamu", "翡翠", "Aotearoa", "SenseVoice")
_EXAMPLES: Final = (
    ("…push it to git hub before lunch and…", "git hub", "GitHub"),
    ("The git hub action failed again", "git hub", "GitHub"),
    ("把代码推到 git hub 上", "git hub", "GitHub"),
    ("…on git hub there is an issue…", "git hub", "GitHub"),
)


def example(before: str, hears: str, writes: str) -> Example:
    """Return an example of a replacement in a take."""
    at = before.index(hears)
    after = before.replace(hears, writes)
    return Example(UUID(int=1), 1_770_000_000, before, after, (at, at + len(hears)), (at, at + len(writes)))


_COUNTS: Final = (14, 3, 212, 1, 5, 0, 31)
TRIED: Final = tuple(
    RuleTried(takes, tuple(example(*said) for said in _EXAMPLES) if place == 0 else ())
    for place, takes in enumerate(_COUNTS)
)


def _dictionary(window: Window, rules: tuple[Replacement, ...] = RULES) -> None:
    window.shell.choose(DICTIONARY_PAGE)
    recognition = replace(window.settings.recognition, replacements=rules, hotwords=HOTWORDS)
    window.show(replace(window.settings, recognition=recognition))
    settle(window.shell)


def tries(done: int, total: int, rules: tuple[Replacement, ...] = RULES) -> Fill:
    """Return a function that shows rules tried on the history, one of them selected."""

    def fill(window: Window) -> None:
        _dictionary(window, rules)
        replacements = window.pages.words.replacements
        replacements.table.setCurrentIndex(replacements.table.found.index(0, 0))
        replacements.try_rules()
        window.show(ReplacementsTried(window.trial.serial, done, total, total // 5, TRIED[: len(rules)]))

    return fill


def wrong(window: Window) -> None:
    """Show an invalid rule and an invalid word."""
    _dictionary(window)
    words = window.pages.words
    words.replacements.model.setData(words.replacements.model.index(1, 0), "Git Hub")
    words.replacements.table.setCurrentIndex(words.replacements.table.found.index(1, 0))
    words.hotwords.field.setText("x" * 70)
    words.hotwords.add.click()


DICTIONARY: Final[tuple[Draw, ...]] = (
    scene(tries(1_284, 1_284)),
    scene(tries(6_400, 20_000)),
    scene(wrong),
    scene(lambda window: window.shell.choose(DICTIONARY_PAGE)),
)


# -- monitor -----------------------------------------------------------------------------------------------

_SECONDS: Final = 652
_EMPTY: Final = Snapshot(
    "4f1d0c2b9a7e6d58", 42.0, BrokerState(True, "Valkey 9.1.2", True), 0, 0, 0, 0.0, 0, 0.0, 0.0, 0.0, (), ()
)


def morning() -> float:
    """Return the time at which the pictures' clock was 0."""
    return datetime.combine(DAY, time(9, 30)).timestamp()


def full() -> MonitorModel:
    """Return a model after ten minutes of work, with two utterances in progress."""
    model = MonitorModel(morning())
    ExampleFleet(model, MACHINES[:2]).run(_SECONDS)
    utterances, now = model.utterances, float(_SECONDS)
    for segment, began, complete, queued in ((900, 7.4, 0.9, 0.86), (901, 0.9, None, None)):
        utterances.observe(SegmentEvent(SegmentStep.BEGAN, OWN, segment), now - began)
        if complete and queued:
            utterances.observe(SegmentEvent(SegmentStep.COMPLETED, OWN, segment), now - complete)
            utterances.observe(SegmentEvent(SegmentStep.QUEUED, OWN, segment), now - queued)
    return model


def views() -> list[MonitorView]:
    """Return the views busy, disconnected, without workers, never connected, and connecting."""
    busy, lost, idle, never = full(), full(), MonitorModel(morning()), MonitorModel(morning())
    gone = Lost("no connection to the gateway (watch): Cannot connect to host desktop-gpu:8765", 2.0)
    lost.take(gone, _SECONDS + 9.0)
    idle.take(_EMPTY, 0.0)
    never.take(gone, 0.0)
    now = float(_SECONDS)
    return [busy.view(now), lost.view(now + 9), idle.view(0.5), never.view(0.0), MonitorModel().view(0.0)]


def monitor(view: MonitorView, height: float = 0.0) -> Draw:
    """Return a function that draws the monitor's window."""

    def draw(look: Look) -> QImage:
        kept: list[Window] = []  # until Qt has deleted it

        def drawn(theme: Theme, texts: Texts) -> QImage:
            kept.append(Window(theme, texts))
            pages = kept[0].pages
            pages.shell.deleteLater()
            window = pages.monitor_window
            across = min(usual_size().width(), SMALL.width())
            window.resize(QSize(across, round(usual_size().height() * (height or 1 / 4))))
            window.show()
            pages.monitor.show_monitor(view)
            settle(window)
            if not height:
                grow(window)
            window.setFocus()  # no control shows a focus mark
            return grabbed(window)

        return dressed(look, drawn)

    return draw


_HEIGHTS: Final = (0.0, 0.5, 0.0, 0.0, 0.0)
MONITOR: Final[tuple[Draw, ...]] = tuple(map(monitor, views(), _HEIGHTS))


# -- first steps -------------------------------------------------------------------------------------------

_SAID: Final = {"en": "The tide turns at four.", "zh": "下午四点开始退潮。"}
_FETCHED: Final = LocalModelView(
    ModelFacts("whisper-base", licence="MIT", sources=("modelscope", "huggingface"), size=147_882_031),
    ModelState.FETCHING,
    59_000_000,
    6_400_000.0,
    14.0,
    "modelscope.cn",
    use=ModelUse.WORKER,
    chosen=True,
)
_DOWNLOADING: Final = WorkerView(LocalWorkerState.DOWNLOADING, percent=40)


def heard(page: Onboarding) -> None:
    """Show the first step while the user speaks."""
    page.show_worker(READY)
    page.welcome.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -16.0, heard=True))


def downloading(page: Onboarding) -> None:
    """Show the first step while the model is downloaded."""
    page.show_models(ModelsView((_FETCHED,), "", 52_000_000_000))
    page.show_worker(_DOWNLOADING)
    page.welcome.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -58.0))


def muted(page: Onboarding) -> None:
    """Show a microphone without any sound, and a download that was paused."""
    page.show_models(ModelsView((replace(_FETCHED, state=ModelState.PAUSED),)))
    page.show_worker(_DOWNLOADING)
    page.welcome.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB Audio", -90.0, quiet=True))


def refused(page: Onboarding) -> None:
    """Show a microphone that the system refuses."""
    note = Note("microphone-refused", {"device": "USB Audio"})
    page.welcome.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING, note=note))


def missing(page: Onboarding) -> None:
    """Show a computer without a microphone, whose network is away."""
    page.show_choices(replace(CHOICES, microphones=(), default_microphone=""))
    page.welcome.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING, note=Note("no-microphone")))
    page.show_worker(
        WorkerView(LocalWorkerState.FAILED, reason=Note("model-unavailable", {"model": "whisper-base"}))
    )


def waiting(page: Onboarding) -> None:
    """Show the test that waits for the key."""
    page.show_worker(_DOWNLOADING)
    page.show_keys(KeysSeen(True))


def arrived(page: Onboarding) -> None:
    """Show the test after the key was pressed."""
    page.show_worker(READY)
    page.show_keys(KeysSeen(True, (KeySeen(DICTATE, 0.21),)))


def taken(page: Onboarding) -> None:
    """Show a key that another program has."""
    page.show_worker(READY)
    page.show_keys(KeysSeen(True, problem=Note("hotkey-taken", {"binding": "F9"})))


def impossible(page: Onboarding) -> None:
    """Show the test where keys cannot be observed."""
    page.show_worker(WorkerView())
    page.show_problem(Problem("hotkeys", note=Note("hotkeys-wayland")))


def ready(page: Onboarding) -> None:
    """Show the last step before the user speaks."""
    page.show_worker(READY)


def listening(page: Onboarding) -> None:
    """Show the last step while the user speaks and the model is still loading."""
    page.show_models(ModelsView((_FETCHED,), "", 52_000_000_000))
    page.show_worker(_DOWNLOADING)
    page.attempt.show_view(View(State.LISTENING, 2.0, -18.0))


def nothing(page: Onboarding) -> None:
    """Show the last step after a recording without speech."""
    page.show_worker(WorkerView(LocalWorkerState.STARTING))
    page.attempt.show_view(View(State.LISTENING, 2.0, -18.0))
    page.attempt.show_view(View(note=Note("nothing-understood")))


def done(page: Onboarding) -> None:
    """Show the last step with the recognised sentence."""
    page.show_worker(READY)
    page.attempt.show_view(View(State.LISTENING, 2.0, -18.0))
    page.attempt.box.setPlainText(_SAID[page.texts.language])
    page.attempt.show_view(View(State.DONE, 3.2))


def step(at: Step, happen: Callable[[Onboarding], None]) -> Draw:
    """Return a function that draws this step after ``happen`` has changed it."""

    def fill(window: Window) -> None:
        steps = window.pages.first_steps
        steps.open(StepProgress(at=at, done=frozenset(STEPS[: STEPS.index(at)])))
        assert steps.page is not None
        happen(steps.page)

    return scene(fill)


OUTCOMES: Final = {
    Step.WELCOME: (heard, downloading, muted, refused, missing),
    Step.KEY: (waiting, arrived, taken, impossible),
    Step.TRY: (ready, listening, nothing, done),
}
FIRST_STEPS: Final[tuple[Draw, ...]] = tuple(
    step(at, happen) for at, outcomes in OUTCOMES.items() for happen in outcomes
)
