"""Settings by section, with their defaults, and the actions that change them. Pure.

``docs/settings.md`` lists the settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Final, Literal

from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.dictation.messages import CANCEL, DICTATE, PASTE_HELD
from app.insertion.plan import Newline, ProgramRule, Rules, Strategy
from app.journal.retention import DAY_S, DAYS, SIZE, RetentionLimits
from app.local_services.worker_limits import WorkerLimits
from app.replacements.rules import Replacement
from app.settings import checks
from app.settings.checks import setting, table
from protocol.recognition import Options

SYSTEM: Final = "system"
"""Entry of the spoken languages that stands for the language of the system."""
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class GeneralSection:
    """Settings that belong to no other section."""

    language: Literal["system", "en", "zh"] = setting("system", "Language of windows, tray and overlay.")
    theme: Literal["system", "light", "dark"] = setting("system", "Colours of the windows and the overlay.")
    text_size: Literal["normal", "large", "larger", "largest"] = setting(
        "normal", "Text of windows and overlay: as large as the system's, or 1.15, 1.35 or 1.6 times as large."
    )
    overlay: Literal["bottom", "top", "cursor", "off"] = setting(
        "bottom",
        "Place of the overlay; cursor: near the text cursor, else near the window that gets the text; off: none.",
    )
    sounds: bool = setting(True, "A sound when recording starts and stops, and when text waits to be pasted.")
    announce: bool = setting(
        False,
        "Have a screen reader say what happens, also where none is noticed. One that is noticed says it anyway.",
    )
    keep_microphone_open: bool = setting(
        False,
        "Keep the microphone open between dictations: what was said up to 600 ms before the key is recorded too. "
        "The system shows all the time that the microphone is in use, and Bluetooth headsets sound worse.",
    )
    autostart: bool = setting(False, "Start with the session, without the window.")
    welcomed: bool = setting(False, "The first steps are over, or put off: the window does not begin with them.")
    first_step: Literal["language", "microphone", "hotkey", "place", "sentence"] = setting(
        "language",
        "Where the first steps go on: language (with the microphone), hotkey or sentence. An earlier version "
        "wrote microphone and place too: they mean language and sentence.",
    )
    open_steps: tuple[str, ...] = setting(
        (), "First steps that were skipped or put off: language, hotkey, sentence.", checks.steps
    )


@dataclass(frozen=True)
class AudioSection:
    """Settings of the sound input."""

    microphone: str = setting(
        "",
        "The microphone: the name of its source, as the windows write it, or (part of) its name in the list of "
        "`kikipounamu microphones`; empty for the system's default.",
    )


@dataclass(frozen=True)
class HotkeysSection:
    """Keys that work in every program; an empty key disables its action."""

    dictate: str = setting("right_ctrl", "Starts and stops dictation, in the way that `mode` says.", checks.key)
    cancel: str = setting("esc", "Gives up what is being recorded; it works only during that.", checks.key)
    paste_held: str = setting("ctrl+alt+v", "Inserts text that was recognised but not inserted.", checks.key)
    mode: TalkMode = setting(
        TalkMode.HYBRID,
        "hold: talk while the key is down. toggle: press to start, press to stop. hybrid: a tap toggles, holding "
        "talks. hands-free: as toggle, and pauses begin and end what is sent.",
    )

    @property
    def bindings(self) -> dict[str, str]:
        """The keys by action, for ``app.hotkeys``."""
        return {DICTATE: self.dictate, CANCEL: self.cancel, PASTE_HELD: self.paste_held}


@dataclass(frozen=True)
class RecognitionSection:
    """Settings of speech recognition."""

    language: str = setting("auto", "Spoken language: auto, or an ISO 639 code such as en or zh.", checks.language)
    languages: tuple[str, ...] = setting(
        (SYSTEM, "en"),
        "Languages that you speak, as ISO 639 codes; system: that of this computer and of the windows. Empty, or "
        "English alone through `system`: any. With "
        "`auto`, speech is one of them, and text in a script that none of them uses waits to be pasted.",
        checks.languages,
    )
    script: Literal["simplified", "traditional", "as-is"] = setting(
        "simplified", "How Chinese is written; as-is: as the model writes it."
    )
    hotwords: tuple[str, ...] = setting((), "Names and terms to listen for, where the model can.", checks.words)
    replacements: tuple[Replacement, ...] = table(
        "What to write instead of what is recognised. See below.", checks.replacements
    )
    itn: bool = setting(True, "Write numbers, dates and units in figures, where the model can.")
    punctuation: bool = setting(True, "Punctuate, where the model can choose.")
    model: str = setting("", "Model to recognise with; empty for any that a worker has loaded.", checks.model)
    partials: bool = setting(True, "Show text that may still change while you speak.")

    @property
    def options(self) -> Options:
        """The options for the gateway, but for ``languages``, which depend on the system."""
        return Options(
            language=self.language,
            hotwords=self.hotwords,
            itn=self.itn,
            punctuation=self.punctuation,
            partials=self.partials,
            model=self.model,
            script="" if self.script == "as-is" else self.script,
        )


@dataclass(frozen=True)
class InsertionSection:
    """Settings of inserting text into the focused program."""

    strategy: Strategy = setting(
        Strategy.AUTOMATIC, "automatic: paste, and type where that cannot be. paste, type: only that."
    )
    newline: Newline = setting(
        Newline.SHIFT_RETURN,
        "What a line break becomes where text is typed: Return sends a message in most chats.",
    )
    joins: bool = setting(
        True, "A space between texts of takes that follow each other within half a minute in the same window."
    )
    each_piece_at_once: bool = setting(
        False,
        "Insert each piece of speech at once. Otherwise speech is recognised once more as a whole, which is more "
        "accurate: after a pause of 2 s, or at the end.",
    )
    read_text: bool = setting(
        True,
        "Read the text before the cursor, for spaces and capitals, and hold texts where a password field or a "
        "button has the focus. What is read stays on this computer and is kept nowhere.",
    )
    programs: tuple[ProgramRule, ...] = table("Programs where it is otherwise. See below.", checks.programs)

    @property
    def rules(self) -> Rules:
        """The rules for ``app.insertion``."""
        return Rules(self.strategy, self.newline, programs=self.programs)


@dataclass(frozen=True)
class HistorySection:
    """Retention of recordings and their texts. Recordings without a complete result always stay."""

    days: int = setting(
        DAYS, "Older recordings are deleted. 0: however old they are, they stay.", checks.UpTo(36_500)
    )
    megabytes: int = setting(
        SIZE // _MEGABYTE,
        "While all of them together are larger, the oldest are deleted. 0: they may be as large as the disk.",
        checks.UpTo(100_000_000),
    )
    keep: int = setting(0, "So many of the newest stay, however old and large they are.", checks.UpTo(1_000_000))

    @property
    def limits(self) -> RetentionLimits:
        """The retention limits for ``app.journal.library``."""
        return RetentionLimits(self.days * DAY_S or inf, self.megabytes * _MEGABYTE or inf, self.keep)


@dataclass(frozen=True)
class WorkerSection:
    """Settings of this computer's worker."""

    on: bool = setting(True, "Recognise on this computer too.")
    model: str = setting(
        "", "Model that it runs, as `kikipounamu models list` names it; empty: by your languages.", checks.model
    )
    environment: str = setting(
        "",
        "Folder of the Python environment that the worker of the engine funasr runs from, as `kikipounamu gpu "
        "setup` makes it; empty: that of the app.",
    )
    threads: int = setting(0, "Processor threads that it uses. 0: as many as its engine likes.", checks.UpTo(256))
    gpu_memory: int = setting(
        0,
        "Most memory that each of its workers takes of a graphics card, in MiB. 0: as much as its engine likes. "
        "See below.",
        checks.UpTo(1_000_000),
    )
    on_battery: bool = setting(True, "It works on battery too.")
    beside_full_screen: bool = setting(
        True, "It works beside a full-screen program too. Those are known on X11 only; elsewhere it always works."
    )
    hours: str = setting(
        "", "When it works, as 20:00-08:00, by the clock of this computer; empty: always.", checks.hours
    )
    lend_to: tuple[str, ...] = setting(
        (), "Gateways elsewhere that this computer works for too, by their ids or names.", checks.lent
    )

    @property
    def runs(self) -> tuple[str, str, int, int]:
        """The values the worker is started with; a change requires a restart."""
        return self.model, self.environment, self.threads, self.gpu_memory

    @property
    def limits(self) -> WorkerLimits:
        """The limits for ``app.local_services.worker_limits``."""
        return WorkerLimits(self.on_battery, self.beside_full_screen, self.hours)


@dataclass(frozen=True)
class GatewaySection:
    """Settings of the gateway that gets the speech."""

    url: str = setting(
        "", "https://HOST:PORT, http:// on this computer itself; empty for this computer.", checks.url
    )
    chosen: str = setting(
        "", "One that this computer is paired with, as the app calls it by its id; empty: what `url` says."
    )
    fall_back: bool = setting(
        True, "Recognise on this computer while the chosen gateway cannot be reached, until it is back."
    )
    share: bool = setting(
        False, "Let other devices use the gateway of this computer, over TLS, once they are paired."
    )
    port: int = setting(8765, "Where they reach it, if it is shared.", checks.port)


@dataclass(frozen=True)
class ApiSection:
    """Settings of the local port for other programs."""

    on: bool = setting(
        False,
        "Let programs of this computer use the chosen server without a key, as if it were OpenAI's or Deepgram's. "
        "Any user and any program of this computer can; web pages cannot.",
    )
    port: int = setting(9876, "Port on 127.0.0.1.", checks.port)


@dataclass(frozen=True)
class UpdatesSection:
    """Settings of the notice of newer versions."""

    check: bool = setting(
        False,
        "Ask once a day whether there is a newer version, and tell of it. Nothing about you or this computer is "
        "sent, and nothing is installed.",
    )
    url: str = setting(
        "",
        "Address of the signed list of versions; empty: that of the project, which has none yet.",
        checks.index_url,
    )
    key: str = setting(
        "", "Public key that signs this list, in Base64; empty: that of the project.", checks.index_key
    )


@dataclass(frozen=True)
class AdvancedSection:
    """Settings for analysing problems."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO",
        "How much the log of the app itself tells; with WARNING or ERROR `kikipounamu logs` has nothing of it.",
    )


@dataclass(frozen=True)
class Settings:
    """All settings, grouped by section."""

    general: GeneralSection = GeneralSection()
    audio: AudioSection = AudioSection()
    hotkeys: HotkeysSection = HotkeysSection()
    recognition: RecognitionSection = RecognitionSection()
    insertion: InsertionSection = InsertionSection()
    history: HistorySection = HistorySection()
    worker: WorkerSection = WorkerSection()
    gateway: GatewaySection = GatewaySection()
    api: ApiSection = ApiSection()
    updates: UpdatesSection = UpdatesSection()
    advanced: AdvancedSection = AdvancedSection()

    @property
    def dictation_options(self) -> DictationOptions:
        """The options for ``app.dictation``; the caller sets the destination."""
        return DictationOptions(
            mode=self.hotkeys.mode,
            microphone=self.audio.microphone,
            keep_open=self.general.keep_microphone_open,
            cues=self.general.sounds,
            joins=self.insertion.joins,
            each_piece_at_once=self.insertion.each_piece_at_once,
            keys=self.hotkeys.bindings,
            options=self.recognition.options,
        )


MICROPHONE: Final = "audio.microphone"
"""The setting that chooses a microphone by its name or part of it; empty: the system's default."""

Table = Mapping[str, str | bool]
"""A row of a setting whose value is a list of tables."""


@dataclass(frozen=True)
class ChangeSetting:
    """Set a setting, by its dotted name in the settings file, to a new value as TOML would write it."""

    name: str
    value: str | bool | int | float | tuple[Table, ...]
