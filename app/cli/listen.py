"""Implement ``kikipounamu listen``: dictate into the terminal until Ctrl-C.

Imported only when it runs.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import uuid4

from app.capture.desktop_sound import find_microphone
from app.capture.microphone import MicrophoneChange, open_microphone
from app.cli.commands import GatewayChoice
from app.cli.live_screen import LiveScreen
from app.cli.words import texts
from app.core.console import Console
from app.core.process import EXPECTED, FAILED, INTERRUPTED
from app.journal.errors import TakeUnknown
from app.journal.events import Cutting
from app.journal.library import Library, TakeSnapshot, users_library
from app.journal.take import TakeState
from app.models.engines import vad_folder
from app.settings.current import limits_now
from app.transcription.listening import QUIET_S, ContextNeed, CuttingMode, DictationSetup, RecordingMicrophone
from protocol.recognition import Options
from runtime.logger import bound_fields
from runtime.tasks import Tasks

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_UNSENT: Final = frozenset({TakeState.INTERRUPTED, TakeState.WAITING})
_MOST_NAMED: Final = 3
_CHECK_S: Final = 1.0


class Interrupts:
    """Handler of interrupt signals.

    The event loop calls ``first`` for the first signal and ``again`` for later ones. ``first`` may be replaced.
    """

    def __init__(self, first: Callable[[], object], again: Callable[[], object]) -> None:
        self.first = first
        self.last: signal.Signals | None = None
        self._again = again

    @contextmanager
    def handle_signals(self) -> Iterator[None]:
        """Handle the signals within the context, which must last until the loop ends.

        The previous handlers are not restored.
        """
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            try:
                loop.add_signal_handler(number, self._interrupt, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda sent, _: loop.call_soon_threadsafe(self._interrupt, sent))
        try:
            yield
        finally:
            for number in _SIGNALS:
                try:
                    loop.remove_signal_handler(number)
                except NotImplementedError:
                    signal.signal(number, signal.SIG_DFL)

    def _interrupt(self, number: int) -> None:
        before, self.last = self.last, signal.Signals(number)
        if before is None:
            self.first()
        else:
            self._again()


class OpenMicrophone(Protocol):
    """The part of the signature of ``app.capture.microphone.open_microphone`` that is used here."""

    def __call__(
        self, choice: str, *, on_change: Callable[[MicrophoneChange], None]
    ) -> AbstractAsyncContextManager[RecordingMicrophone]: ...


@dataclass(frozen=True)
class ListenOptions:
    """The options of `listen`.

    ``microphone``: its name or part of it; empty: the system's default. ``find_microphone`` is called before a
    gateway is started, and raises ``MicrophoneError`` if there is none.
    """

    mode: CuttingMode = CuttingMode.HANDS_FREE
    microphone: str = ""
    options: Options = Options()
    open_microphone: OpenMicrophone = open_microphone
    find_microphone: Callable[[str], Awaitable[object]] = find_microphone


async def listen(source: GatewayChoice, choices: ListenOptions) -> int:
    """Record until Ctrl-C or SIGTERM, then wait for every text, and return the exit status.

    A second signal ends the wait at once.
    """
    task = asyncio.current_task()
    assert task is not None
    screen = LiveScreen(Console(), Console(stderr=True), texts())
    interrupts = Interrupts(first=task.cancel, again=task.cancel)
    dictation = _Dictation(source, choices, screen, interrupts, users_library(limits_now()))
    with interrupts.handle_signals():
        try:
            return await dictation.run()
        except asyncio.CancelledError:
            if interrupts.last is None:  # not cancelled by a signal
                raise
            return INTERRUPTED
        except EXPECTED as error:
            for line in str(error).splitlines():
                screen.print_line(line)
            return FAILED
        finally:
            dictation.report_kept()


class _Dictation:
    def __init__(
        self,
        source: GatewayChoice,
        choices: ListenOptions,
        screen: LiveScreen,
        interrupts: Interrupts,
        library: Library,
    ) -> None:
        self._source = source
        self._choices = choices
        self._screen = screen
        self._interrupts = interrupts
        self._library = library
        self._session = uuid4()

    async def run(self) -> int:
        """Start the stack unless the gateway is remote, then record. Raises ``EXPECTED`` errors."""
        if message := incomplete_takes_text(self._library.all()):
            self._screen.print_line(message)
        await self._choices.find_microphone(self._choices.microphone)
        async with self._source.serving(self._screen.print_line) as gateway:
            return await gateway.unless_broken(self._dictate())

    async def _dictate(self) -> int:
        screen = self._screen
        locate, context = self._source.locate(), ContextNeed()
        listener = DictationSetup(locate, vad_folder(), self._choices.mode)
        await context.refresh(locate, _CHECK_S)
        async with AsyncExitStack() as cleanup:
            cleanup.enter_context(screen.shown())
            tasks = await cleanup.enter_async_context(Tasks("listen"))
            microphone = await cleanup.enter_async_context(
                self._choices.open_microphone(self._choices.microphone, on_change=screen.changed)
            )
            choices, now_s = self._choices, time.time()
            cutting = Cutting(choices.mode, context.needs_context(choices.options.model))
            take = self._library.create(self._session, choices.options, now_s, cutting)
            journal = cleanup.enter_context(take)

            def stop() -> None:
                microphone.stop()
                screen.print_line(
                    f"sending the rest and waiting for texts, until nothing comes for {QUIET_S:.0f} s; "
                    "Ctrl-C again leaves at once, and the recording is kept"
                )

            leave, self._interrupts.first, screen.stop = self._interrupts.first, stop, stop
            tasks.start(screen.refreshing(), "screen")
            with bound_fields(session=str(self._session)):
                transcript = await listener.listen(journal, microphone, screen)
            self._interrupts.first = leave
        return FAILED if transcript.failures or screen.refused else 0

    def report_kept(self) -> None:
        """Print how to see texts that were not written, and how to resend the recording if texts are missing."""
        if self._screen.refused:
            self._screen.print_line(f"`kikipounamu takes show {self._session}` has the texts")
        with suppress(TakeUnknown):  # the take was never created
            if self._library.find(self._session).state in _UNSENT | {TakeState.FAILED}:
                how = f"`kikipounamu takes resend {self._session}` resumes it"
                self._screen.print_line(f"the recording is kept: {how}")


def incomplete_takes_text(takes: Iterable[TakeSnapshot]) -> str:
    """Return a message about earlier takes that lack texts, or an empty string."""
    unsent = [found for found in takes if found.state in _UNSENT]
    if not unsent:
        return ""
    names = ", ".join(str(found.session) for found in unsent[:_MOST_NAMED])
    more = ", …" if len(unsent) > _MOST_NAMED else ""
    how = "`kikipounamu takes list` shows them, `kikipounamu takes resend ID` resumes one"
    return f"earlier recordings lack texts: {names}{more} ({how})"
