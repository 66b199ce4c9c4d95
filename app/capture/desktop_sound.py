"""The sound of this desktop: microphones from PulseAudio or PipeWire if one runs, otherwise from PortAudio.

On Linux, PortAudio knows only ALSA, whose names for the sources of a sound server are ``pulse`` and ``default``.
Sounds are played by PortAudio, to the system's default output.
"""

from collections.abc import Callable
from functools import cache

from app.capture.devices import Input, chosen
from app.capture.portaudio import InputStream, PortAudio, Put
from app.capture.pulse import NoSoundServer, PulseAudio
from app.capture.pulse_library import pulse_library


class DesktopSound:
    """A ``SoundSystem`` with microphones. ``ports`` plays sounds."""

    def __init__(self, server: PulseAudio | None, ports: PortAudio) -> None:
        self._server, self.ports = server, ports

    async def inputs(self, *, anew: bool = False) -> list[Input]:
        """List the microphones of the sound server; without one, those of PortAudio."""
        if self._server is not None:
            try:
                return await self._server.inputs(anew=anew)
            except NoSoundServer:
                pass
        return await self.ports.inputs(anew=anew)

    async def open(self, device: Input, put: Put, ended: Callable[[], None]) -> InputStream:
        """Begin to record with the system that listed the device. Raises ``MicrophoneError``."""
        if self._server is not None and device.key:
            return await self._server.open(device, put, ended)
        return await self.ports.open(device, put, ended)


@cache
def sound_system() -> DesktopSound:
    """Return the sound system of this process; PortAudio's state is per process too."""
    library = pulse_library()
    return DesktopSound(PulseAudio(library) if library is not None else None, PortAudio())


async def find_microphone(choice: str) -> Input:
    """Return the present microphone that this choice names. Raises ``MicrophoneError``."""
    return chosen(await sound_system().inputs(), choice)
