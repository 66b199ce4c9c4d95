"""Random speech, desktops, disks and users for a whole ``DictationRunner``, without a gateway."""

import asyncio
import errno
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import numpy as np

from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.dictation.actions import HeldAction, SettleHeld, Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.dictation.runner import DictationRunner, Parts
from app.dictation.text_inserter import InsertionMeans
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.journal.async_journal import AsyncJournal
from app.journal.disk import DiskFile
from app.journal.journal import Journal
from app.journal.library import Library
from app.transcription.listening import DictationObserver, DictationSetup, RecordingMicrophone
from client.connection import Address, fixed_locator
from protocol.session import Final
from tests.app.dictation.world import WINDOW, FakeDevices, FakeHotkeys

VERBS = (Verb.START, Verb.STOP, Verb.TOGGLE, Verb.TOGGLE, Verb.PASTE_HELD, Verb.PASTE_HELD, Verb.INSERT_READY)
SELDOM = (Verb.CANCEL, Verb.DISMISS_HELD, Verb.COPY_HELD)
PAUSE_S = 0.02
"""The longest pause of everything but the user."""


@dataclass(frozen=True)
class RandomSpeech(DictationSetup):
    """Segments whose texts arrive at any time; no two texts are equal."""

    chance: Random = field(default_factory=Random)
    numbers: Iterator[int] = field(default_factory=lambda: count(1_000))  # no number is a prefix of another

    async def listen(
        self, journal: Journal, microphone: RecordingMicrophone, observer: DictationObserver
    ) -> RecordingTranscript:
        """Recognise some segments in a random order, until the recording has ended."""
        buffer, store, waiting = microphone.buffer, AsyncJournal(journal, 2.0), list[int]()
        buffer.keep_in(journal)
        try:
            for segment in range(self.chance.randrange(5)):
                await self._begin(store, observer, segment)
                waiting.append(segment)
                if self.chance.random() < 0.7:
                    await self._recognise(store, observer, waiting)
            await asyncio.wait({buffer.ended})
            while waiting:
                await self._recognise(store, observer, waiting)
            await store.keep(journal.finish)
        finally:
            microphone.stop()
            await asyncio.wait({buffer.ended}, timeout=1.0)
            buffer.end()
        return journal.take.transcript(journal.samples)

    async def _begin(self, store: AsyncJournal, observer: DictationObserver, segment: int) -> None:
        await asyncio.sleep(self.chance.random() * PAUSE_S)
        observer.began(segment)
        await store.begin(segment, segment * 10)
        await store.end(segment, 10)

    async def _recognise(self, store: AsyncJournal, observer: DictationObserver, waiting: list[int]) -> None:
        await asyncio.sleep(self.chance.random() * PAUSE_S)
        segment, text = waiting.pop(self.chance.randrange(len(waiting))), f"text{next(self.numbers)}."
        await store.settle(segment, Final(segment, text))
        observer.recognised(TranscriptSegment(segment, segment, segment + 1, text=text))


def word_of(text: str) -> str:
    """Return a text without the full stop, which it loses if its sentence continues."""
    return text.rstrip(".")


class RandomDesktop:
    """An ``Inserter`` that types a text, a part of it, or nothing, and a clipboard that takes every text.

    ``typed``: what windows got. ``copied``: what the clipboard got.
    ``uncertain``: texts that may have arrived when their insertion was cancelled.
    ``unrecorded``: texts that windows got although the start of the insertion was not on disk.
    """

    def __init__(self, library: Library, chance: Random) -> None:
        self._library, self._chance = library, chance
        self.typed, self.copied = list[str](), list[str]()
        self.uncertain, self.unrecorded = list[str](), set[str]()

    async def target(self) -> Target | None:
        """Return the window, which is mostly known."""
        await asyncio.sleep(self._chance.random() * PAUSE_S / 4)
        return WINDOW if self._chance.random() < 0.95 else None

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert the text with a random outcome."""
        try:
            await asyncio.sleep(self._chance.random() * PAUSE_S)
        except asyncio.CancelledError:
            self._type(text)
            self.uncertain.append(text)
            raise
        outcome, some = self._chance.random(), text[: self._chance.randrange(len(text))]
        if outcome < 0.15:
            return held_insertion(HoldReason.FOCUS_MOVED)
        if outcome < 0.2 and some.strip() and text[len(some) :].strip():
            self._type(some)
            return held_insertion(HoldReason.PARTLY_TYPED, text[len(some) :])
        self._type(text)
        return Insertion(InsertionResult.TYPED)

    async def copy(self, text: str) -> bool:
        """Copy the text to the clipboard."""
        self.copied.append(text)
        return True

    async def close(self) -> None: ...

    def _type(self, text: str) -> None:
        self.typed.append(text)
        for found in self._library.all():
            for spoken in found.take.segments.values():
                if spoken.text and word_of(spoken.text) in text and not spoken.inserting:
                    self.unrecorded.add(spoken.text)


class RandomDisk:
    """A disk that is full at random times. ``write`` and ``reserve`` replace those of ``DiskFile``."""

    def __init__(self) -> None:
        self.full = self._half = False
        self._write = DiskFile.write
        self._reserve = DiskFile.reserve

    def write(self, file: DiskFile, data: bytes) -> int:
        """Write all; on a full disk, write half, and nothing the next time, like ``write(2)``."""
        if not self.full:
            return self._write(file, data)
        self._half = not self._half
        if self._half and len(data) > 1:
            return self._write(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    def reserve(self, file: DiskFile, size: int) -> None:
        """Reserve space, if there is some."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._reserve(file, size)


class RandomUse:
    """A runner and its user, in a folder of its own."""

    def __init__(self, root: Path, seed: int) -> None:
        self.chance = chance = Random(seed)
        self.library = Library(root)
        self.desktop = RandomDesktop(self.library, chance)
        self.disk = RandomDisk()
        self.hotkeys = FakeHotkeys()
        setup = RandomSpeech(fixed_locator(Address("http://127.0.0.1:9")), root / "no-vad", chance=chance)
        means = InsertionMeans(self.desktop, self.desktop)
        devices = FakeDevices(np.ones(8_000, np.int16))
        most = chance.choice([2, 3, 50])
        parts = Parts(self.library, setup, means, devices, lambda cue: None, self.hotkeys, most_takes=most)
        mode = chance.choice([TalkMode.TOGGLE, TalkMode.HANDS_FREE, TalkMode.HOLD])
        self.dictating = DictationRunner(parts, DictationOptions(mode, keys={"dictate": "right_ctrl"}))

    async def use(self) -> None:
        """Do something at random, again and again."""
        has_room = self.chance.random() < 0.5
        for _ in range(self.chance.randrange(3, 25)):
            self.disk.full = not has_room and self.chance.random() < 0.25
            self._act()
            await asyncio.sleep(self.chance.random() * 2 * PAUSE_S)
        self.disk.full = False

    def _act(self) -> None:
        known = self.library.sessions()
        match self.chance.randrange(8):
            case 0:
                self.hotkeys.press()
            case 1:
                self.hotkeys.release()
            case 2 if known:
                how = self.chance.choice(list(HeldAction))
                self.dictating.ask(SettleHeld(str(self.chance.choice(known)), how))
            case 3 if self.chance.random() < 0.5:
                self.dictating.ask(self.chance.choice(SELDOM))
            case _:
                self.dictating.ask(self.chance.choice(VERBS))

    async def end(self, running: "asyncio.Task[None]") -> None:
        """Quit or cancel, once or repeatedly, and wait for the end."""
        quits = self.chance.random() < 0.5
        for _ in range(self.chance.choice([1, 3])):
            if quits:
                self._quit()
            else:
                running.cancel()
            await asyncio.sleep(self.chance.random() * PAUSE_S)
        await asyncio.wait({running}, timeout=30.0)

    def _quit(self) -> None:
        self.hotkeys.release()
        self.dictating.ask(Verb.QUIT)
