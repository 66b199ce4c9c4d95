"""What the first steps ask of the running app beside what everybody asks: to try something out. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TryMicrophone:
    """Open the microphone and tell how loud it is, without a take. A take that begins meanwhile goes first."""

    on: bool


@dataclass(frozen=True)
class RecordSample:
    """Keep what is said from now on for some seconds, in memory only, and play it."""


@dataclass(frozen=True)
class PlaySample:
    """Once more."""


@dataclass(frozen=True)
class TryGateway:
    """Ask the gateway at this address how it is; empty: nobody wants to know any more."""

    url: str


Trial = TryMicrophone | RecordSample | PlaySample | TryGateway
