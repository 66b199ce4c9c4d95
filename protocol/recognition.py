"""Recognition types that all audiences share: options, words with their times, and timing."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from protocol.forms import MODEL

Milliseconds = Annotated[int, Meta(ge=0)]
Script = Literal["", "simplified", "traditional"]
Language = Annotated[str, Meta(max_length=16)]


class Options(Struct, frozen=True):
    """Recognition options. ``language`` is an ISO 639-1 code or ``auto``; an empty ``model`` means any.

    ``languages``: those that the speaker uses; ``auto`` means one of them, or any if there are none.
    ``script`` is the Chinese script of the text, whatever script the model writes; empty: the model's own.
    ``task`` ``translate``: the text is English, whatever is spoken; only in class ``bulk``, by any model that can.
    """

    language: Language = "auto"
    hotwords: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=512)] = ()
    itn: bool = True
    punctuation: bool = True
    partials: bool = False
    model: Annotated[str, Meta(max_length=64, pattern=MODEL)] = ""
    priority: Literal["interactive", "bulk"] = field(default="interactive", name="class")
    script: Script = ""
    languages: Annotated[tuple[Language, ...], Meta(max_length=32)] = ()
    task: Literal["transcribe", "translate"] = "transcribe"


class Word(Struct, frozen=True):
    """Recognised word and its position within the segment; a phrase, from engines that time only phrases."""

    text: str
    start_ms: Milliseconds
    end_ms: Milliseconds


class Timing(Struct, frozen=True):
    """Time spent on one segment by stage, in ms, each stage measured on one clock.

    ``upload``: first frame to ``segment.end`` at the gateway. ``queue``: the job's time in the broker before a
    worker read it. ``decode``: in the engine. ``deliver``: result stored to ``final`` written, where known.
    """

    upload: Milliseconds = 0
    queue: Milliseconds = 0
    decode: Milliseconds = 0
    deliver: Milliseconds = 0
