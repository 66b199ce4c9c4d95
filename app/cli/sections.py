"""Define the sections of the commands in the help of ``kikipounamu``, in their order."""

from enum import StrEnum


class Section(StrEnum):
    """A section of commands."""

    APP = "App"
    DICTATION = "Dictation"
    RECORDINGS = "Recordings and files"
    MODELS = "Models"
    SERVERS = "Servers"
    DIAGNOSIS = "Diagnosis"
