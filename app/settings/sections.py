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
        "normal", "Text size of the windows and the overlay: that of the system, or 1.15, 1.35 or 1.6 times that."
    )
    overlay: Literal["bottom", "top", "cursor", "off"] = setting(
        "bottom",
        "Place of the overlay. cursor: near the text cursor, or near the target window if the cursor is "
        "unknown. off: no overlay.",
    )
    sounds: bool = setting(True, "Play a sound when recording starts and stops, and when text waits to be pasted.")
    announce: bool = setting(
        False,
        "Announce events to screen readers even if the app detects none. A detected screen reader always "
        "gets them.",
    )
    keep_microphone_open: bool = setting(
        False,
        "Keep the microphone open between dictations, so that up to 600 ms before the key press are "
        "recorded too. The system then always shows the microphone as in use, and Bluetooth headsets sound "
        "worse.",
    )
    autostart: bool = setting(False, "Start with the session, without opening the window.")
    welcomed: bool = setting(
        False, "True once the first steps are finished or put off: the window no longer opens with them."
    )
    first_step: Literal["language", "hotkey", "sentence"] = setting(
        "language",
        "The step at which the first steps continue: language (with the microphone), hotkey or sentence.",
    )
    open_steps: tuple[str, ...] = setting(
        (), "First steps that were skipped or put off: language, hotkey, sentence.", checks.steps
    )


@dataclass(frozen=True)
class AudioSection:
    """Settings of the sound input."""

    microphone: str = setting(
        "",
        "Microphone: the name of its source as the windows write it, or a name or part of a name that "
        "`kikipounamu microphones` lists. Empty: the system's default.",
    )


@dataclass(frozen=True)
class HotkeysSection:
    """Keys that work in every program; an empty key disables its action."""

    dictate: str = setting("right_ctrl", "Starts and stops dictation, as `mode` defines.", checks.key)
    cancel: str = setting("esc", "Cancels the current recording. It works only during a recording.", checks.key)
    paste_held: str = setting("ctrl+alt+v", "Inserts texts that were recognised but not inserted.", checks.key)
    mode: TalkMode = setting(
        TalkMode.HYBRID,
        "hold: record while the key is down. toggle: press to start, press to stop. hybrid: a tap toggles, "
        "and a longer press works as hold. hands-free: as toggle; pauses divide the speech into utterances.",
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
        "Languages that you speak, as ISO 639 codes; system: the languages of this computer and of the "
        "windows. Empty, or only English through `system`: any language. With `auto`, speech is recognised "
        "as one of them, and text in a script that none of them uses waits to be pasted.",
        checks.languages,
    )
    script: Literal["simplified", "traditional", "as-is"] = setting(
        "simplified", "How Chinese is written. as-is: as the model writes it."
    )
    hotwords: tuple[str, ...] = setting(
        (),
        "Names and terms to prefer. Chinese ones of three characters or more work with every model.",
        checks.words,
    )
    replacements: tuple[Replacement, ...] = table(
        "Replacements for recognised words. See below.", checks.replacements
    )
    itn: bool = setting(True, "Write numbers, dates and units in figures, if the model supports it.")
    punctuation: bool = setting(True, "Write punctuation, if the model lets you choose.")
    model: str = setting("", "Model for recognition. Empty: any that a worker has loaded.", checks.model)
    partials: bool = setting(True, "Show live text, which may still change, while you speak.")

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
        Strategy.AUTOMATIC, "automatic: paste, or type where pasting is impossible. paste, type: only that way."
    )
    newline: Newline = setting(
        Newline.SHIFT_RETURN,
        "What replaces a line break where text is typed. In most chats, Return sends the message.",
    )
    joins: bool = setting(
        True,
        "Insert a space between the texts of recordings that follow each other within half a minute in the "
        "same window.",
    )
    each_piece_at_once: bool = setting(
        False,
        "Insert each utterance at once. Otherwise all speech since the last insertion is recognised once "
        "more as a whole, which is more accurate, and is inserted after a pause of 2 s or at the end.",
    )
    read_text: bool = setting(
        True,
        "Read the text around the cursor to choose spaces and capitals, and hold texts while a password "
        "field or a button has the focus. What is read stays on this computer and is not stored.",
    )
    programs: tuple[ProgramRule, ...] = table("Exceptions for single programs. See below.", checks.programs)

    @property
    def rules(self) -> Rules:
        """The rules for ``app.insertion``."""
        return Rules(self.strategy, self.newline, programs=self.programs)


@dataclass(frozen=True)
class HistorySection:
    """Retention of recordings and their texts. Recordings without a complete result always stay."""

    days: int = setting(DAYS, "Recordings that are older, in days, are deleted. 0: no limit.", checks.UpTo(36_500))
    megabytes: int = setting(
        SIZE // _MEGABYTE,
        "The oldest recordings are deleted while those with a text are together larger, in MB. 0: no limit.",
        checks.UpTo(100_000_000),
    )
    keep: int = setting(
        0, "Number of the newest recordings that are kept, whatever their age and size.", checks.UpTo(1_000_000)
    )

    @property
    def limits(self) -> RetentionLimits:
        """The retention limits for ``app.journal.library``."""
        return RetentionLimits(self.days * DAY_S or inf, self.megabytes * _MEGABYTE or inf, self.keep)


@dataclass(frozen=True)
class WorkerSection:
    """Settings of this computer's worker."""

    on: bool = setting(True, "Recognise speech on this computer too.")
    model: str = setting(
        "",
        "Model of this worker, by its name in `kikipounamu models list`. Empty: chosen by your languages.",
        checks.model,
    )
    environment: str = setting(
        "",
        "Folder of the Python environment in which the worker runs the engine funasr, as `kikipounamu gpu "
        "setup` creates it. Empty: the app's own.",
    )
    threads: int = setting(0, "Processor threads of this worker. 0: the engine's choice.", checks.UpTo(256))
    gpu_memory: int = setting(
        0,
        "Limit on the graphics memory of each worker, in MiB. 0: the engine's choice. See below.",
        checks.UpTo(1_000_000),
    )
    on_battery: bool = setting(True, "Work on battery too.")
    beside_full_screen: bool = setting(
        True,
        "Work while a program is full screen too. Full-screen programs are detected on X11 only; elsewhere "
        "the worker always works.",
    )
    hours: str = setting(
        "", "Hours in which it works, such as 20:00-08:00, by this computer's clock. Empty: always.", checks.hours
    )
    lend_to: tuple[str, ...] = setting(
        (), "Gateways on other computers that this computer also works for, by id or name.", checks.lent
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
        "",
        "Address of the gateway: https://HOST:PORT, or http:// for one on this computer. Empty: this "
        "computer's own.",
        checks.url,
    )
    chosen: str = setting("", "Id of the paired gateway that the app uses. Empty: the address in `url`.")
    fall_back: bool = setting(True, "Recognise on this computer while the chosen gateway cannot be reached.")
    share: bool = setting(False, "Let paired devices use this computer's gateway, over TLS.")
    port: int = setting(8765, "Port of the shared gateway.", checks.port)


@dataclass(frozen=True)
class ApiSection:
    """Settings of the local port for other programs."""

    on: bool = setting(
        False,
        "Let programs on this computer use the chosen server without a key, through the interfaces of "
        "OpenAI and Deepgram. Every user and program of this computer can; web pages cannot.",
    )
    port: int = setting(9876, "Port on 127.0.0.1.", checks.port)


@dataclass(frozen=True)
class UpdatesSection:
    """Settings of the notice of newer versions."""

    check: bool = setting(
        False,
        "Check once a day for a newer version and show a notice. Nothing about you or this computer is "
        "sent, and nothing is installed.",
    )
    url: str = setting(
        "",
        "Address of the signed list of versions. Empty: the project's own, which does not exist yet.",
        checks.index_url,
    )
    key: str = setting(
        "", "Public key for the signature of this list, in Base64. Empty: the project's.", checks.index_key
    )


@dataclass(frozen=True)
class AdvancedSection:
    """Settings for analysing problems."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO",
        "Lowest level of messages in the app's own log. With WARNING or ERROR, `kikipounamu logs` cannot "
        "show what the app did.",
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
    """Set a setting, by its dotted name in the settings file, to a new value as TOML would write it.

    ``None`` removes it from the file, so that it follows its default, also in later versions.
    """

    name: str
    value: str | bool | int | float | tuple[Table, ...] | None
