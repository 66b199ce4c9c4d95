"""Concurrent probes of all sources of a model."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from functools import partial
from typing import Final

from speech.models.errors import SourceAway, SourceFailed
from speech.models.sources import Source
from speech.models.stop import NEVER, Stop, run_in_thread

DEADLINE_S: Final = 3.0


class Probes:
    """Probes that start at once; iterating yields each source, in order, with its result.

    An early source is used as soon as it has answered, whatever later ones do. All dead sources together cost a
    single deadline.
    """

    def __init__(self, sources: Iterable[Source], deadline_s: float = DEADLINE_S, stop: Stop = NEVER) -> None:
        self._stop = stop
        self._deadline_s = deadline_s
        self._end = time.monotonic() + deadline_s
        self._answers = [
            (source, run_in_thread(partial(source.probe, deadline_s), f"probe {source.name}"))
            for source in sources
        ]

    def __iter__(self) -> Iterator[tuple[Source, SourceFailed | None]]:
        """Yield each source with ``None`` if it answered, or with its error. Raises ``Stopped``."""
        for source, answer in self._answers:
            problem: SourceFailed | None = None
            try:
                with self._stop.waking(answer.cancel):
                    answer.result(max(0.0, self._end - time.monotonic()))
            except SourceFailed as error:
                problem = error
            except TimeoutError:
                problem = SourceAway(f"no answer within {self._deadline_s:g} s")
            except CancelledError:
                pass
            self._stop.check()
            yield source, problem
