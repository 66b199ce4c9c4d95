"""Trials that the first steps request from the running app. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TryMicrophone:
    """Start or stop a microphone trial: report its level without a take. A take has priority."""

    on: bool


@dataclass(frozen=True)
class RecordSample:
    """Record a sample of a few seconds, in memory only, and play it."""


@dataclass(frozen=True)
class PlaySample:
    """Play the recorded sample again."""


@dataclass(frozen=True)
class TryGateway:
    """Query the gateway at this address repeatedly; an empty address stops the queries."""

    url: str


Trial = TryMicrophone | RecordSample | PlaySample | TryGateway
