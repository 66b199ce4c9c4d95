"""Tests of handlers by message type."""

from dataclasses import dataclass

import pytest

from app.messages.kinds import Registry


@dataclass(frozen=True)
class Started:
    at: float


@dataclass(frozen=True)
class Stopped:
    at: float


class Recorder:
    """Handlers that note what they receive."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Started | Stopped]] = []

    def either(self, message: Started | Stopped) -> None:
        self.heard.append(("either", message))

    def stopped(self, message: Stopped) -> None:
        self.heard.append(("stopped", message))


def test_message_reaches_all_handlers_of_its_type_in_order() -> None:
    recorder = Recorder()
    registry = Registry().add(recorder.either).add(recorder.stopped)
    registry(Started(1.0))
    registry(Stopped(2.0))
    assert recorder.heard == [("either", Started(1.0)), ("either", Stopped(2.0)), ("stopped", Stopped(2.0))]


def test_joined_registry_follows_earlier_handlers() -> None:
    recorder = Recorder()
    registry = Registry().add(recorder.stopped).join(Registry().add(recorder.either))
    registry(Stopped(1.0))
    registry(Started(2.0))
    assert [name for name, _ in recorder.heard] == ["stopped", "either", "either"]


def test_message_without_handler_is_an_error() -> None:
    registry = Registry().add(Recorder().stopped)
    with pytest.raises(KeyError):
        registry(Started(1.0))  # type: ignore[arg-type]  # a type checker finds the missing handler


def test_handler_without_annotation_cannot_be_registered() -> None:
    with pytest.raises(KeyError):
        Registry().add(lambda message: None)
