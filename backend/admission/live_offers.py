"""Models for live text that the streaming workers have. Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from protocol.job import ANY_MODEL
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options

_AUTO: Final = "auto"


class LiveOffer(NamedTuple):
    """Model for live text, and its languages (none: any). ``room``: a worker could follow another session."""

    model: str
    languages: frozenset[str]
    room: bool


def live_offers(streamers: Iterable[WorkerStatus]) -> tuple[LiveOffer, ...]:
    """Return the offers of streaming workers, one per model."""
    found: dict[str, LiveOffer] = {}
    for one in streamers:
        if one.state is WorkerState.IDLE:
            model = one.model or ANY_MODEL
            room = one.busy < one.slots or (model in found and found[model].room)
            found[model] = LiveOffer(model, frozenset(one.languages), room)
    return tuple(found[model] for model in sorted(found))


def live_model(offers: Iterable[LiveOffer], options: Options, language: str, follows: bool) -> str:
    """Return a model that knows every language that may be spoken, or an empty name.

    ``language``: that of the segment, if known. ``follows``: a worker already follows the session. A model limited
    to some languages gets no speech of unknown language.
    """
    stated = language or options.language
    spoken = frozenset(options.languages if stated in ("", _AUTO) else (stated,))
    fits = (one for one in offers if not one.languages or (spoken and spoken <= one.languages))
    return next((one.model for one in fits if one.room or follows), "")
