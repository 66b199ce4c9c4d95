"""Reasons for which a release is refused."""

from enum import StrEnum


class Refusal(StrEnum):
    """The kind of a refusal, for people and for programs that start a release."""

    TREE_NOT_CLEAN = "tree-not-clean"
    VERSION_NOT_RELEASED = "version-not-released"
    UNKNOWN_ARTEFACT = "unknown-artefact"
    TOOL_MISSING = "tool-missing"
    TESTS_FAILED = "tests-failed"
    BUILD_FAILED = "build-failed"
    CHECK_FAILED = "check-failed"
    NOT_LOOKED_UP = "not-looked-up"


class ReleaseRefused(Exception):
    """A release cannot be made; the text says what to do."""

    def __init__(self, kind: Refusal, text: str) -> None:
        super().__init__(f"release refused ({kind}): {text}")
        self.kind = kind
