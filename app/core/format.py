"""Define the output formats of a transcript, apart from their renderers, which take longer to import."""

from enum import StrEnum


class Format(StrEnum):
    """Output formats of a transcript."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"
