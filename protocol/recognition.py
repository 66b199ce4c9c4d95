"""What every audience shares about recognition itself: what the speaker wants, and what was recognised when."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Milliseconds = Annotated[int, Meta(ge=0)]
Script = Literal["", "simplified", "traditional"]


class Options(Struct, frozen=True):
    """What the speaker wants. ``language`` is an ISO 639-1 code or ``auto``; ``model`` empty means any.

    ``script``: how Chinese is to be written, whatever the model writes; empty: as the model does.
    """

    language: Annotated[str, Meta(max_length=16)] = "auto"
    hotwords: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=512)] = ()
    itn: bool = True
    punctuation: bool = True
    partials: bool = False
    model: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")] = ""
    priority: Literal["interactive", "bulk"] = field(default="interactive", name="class")
    script: Script = ""


class Word(Struct, frozen=True):
    """One recognised word and where it is in its segment."""

    text: str
    start_ms: Milliseconds
    end_ms: Milliseconds


class Timing(Struct, frozen=True):
    """Where the time of one segment went, in ms, each on one clock.

    ``upload``: first frame to ``segment.end`` at the gateway. ``queue``: the job's time in the broker before a
    worker read it. ``decode``: in the engine. ``deliver``: result stored to ``final`` written, where known.
    """

    upload: Milliseconds = 0
    queue: Milliseconds = 0
    decode: Milliseconds = 0
    deliver: Milliseconds = 0
