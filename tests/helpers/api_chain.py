"""A real gateway and worker for clients that speak the protocols of others, and the texts that they must get."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.rest.media_frames import Frame, MediaSegment
from backend.rest.media_process import read_file
from loadtest.checksum import checksum
from protocol.endpoint import Endpoint
from protocol.texts import join_texts
from speech.vad import open_vad
from tests.helpers.chain import Chain, running_chain
from worker.decoding import amplified


@contextmanager
def running_api_chain(root: Path, *engine: str) -> Iterator[tuple[Chain, Endpoint]]:
    """Run a gateway without a history, and a worker whose texts are digests of the audio."""
    with running_chain(root) as chain:
        _, endpoint = chain.gateway()
        chain.worker(*(engine or ("--engine", "checksum")))
        yield chain, endpoint


def text_of_file(path: Path) -> str:
    """Return the text that the digest engine gives for the speech in a file, without any server."""
    frames: list[Frame] = []
    read_file(path, open_vad(None), frames.append)
    pieces = [frame for frame in frames if isinstance(frame, MediaSegment)]
    return join_texts(checksum(amplified(piece.pcm, piece.gain_db)) for piece in pieces)
