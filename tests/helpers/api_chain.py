"""A real gateway and worker for clients that speak the protocols of others, and the texts that they must get."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from backend.rest.media_frames import Frame, MediaSegment
from backend.rest.media_process import read_file
from loadtest.core.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE
from protocol.endpoint import Endpoint
from protocol.texts import join_texts
from speech.segmenter import SegmentAudio, SegmentClosed, Segmenter, SegmenterOptions, SegmentOpened
from speech.vad import open_vad
from tests.helpers.chain import Chain, Program, running_chain
from worker.core.decoding import amplify


@contextmanager
def running_api_chain(root: Path, *engine: str) -> Iterator[tuple[Chain, Endpoint]]:
    """Run a gateway without a history, and a worker whose texts are digests of the audio."""
    with running_chain(root) as chain:
        _, endpoint = chain.gateway()
        chain.worker(*(engine or ("--engine", "checksum")))
        yield chain, endpoint


def kill_broker(gateway: Program) -> None:
    """Send kill -9 to the broker of a gateway, which starts another one."""
    (broker,) = [one for one in psutil.Process(gateway.popen.pid).children() if "valkey" in one.name()]
    broker.kill()


def open_to_all(chain: Chain, port: int) -> None:
    """Let the next gateway serve every protocol; ``port``: for Wyoming."""
    chain.configure(f'wyoming = "{port}"\nearlier_protocol = true\n')


def text_of_file(path: Path) -> str:
    """Return the text that the digest engine gives for the speech in a file, without any server."""
    frames: list[Frame] = []
    read_file(path, open_vad(None), frames.append)
    pieces = [frame for frame in frames if isinstance(frame, MediaSegment)]
    return join_texts(checksum(amplify(piece.pcm, piece.gain_db)) for piece in pieces)


def texts_of_stream(samples: NDArray[np.int16], gate: bool = True, endpoint_ms: int = 600) -> list[str]:
    """Return the texts that the digest engine gives for continuous audio, without any server."""
    vad, segmenter = open_vad(None, endpoint_ms), Segmenter(SegmenterOptions(gate=gate))
    pieces, texts = bytearray(), list[str]()
    begun = SegmentOpened(0, 0)
    events = vad.accept(samples)
    ended = vad.finish()
    outputs = [*segmenter.accept(samples, events), *segmenter.accept(samples[:0], ended), *segmenter.finish()]
    for output in outputs:
        match output:
            case SegmentOpened():
                begun, pieces = output, bytearray()
            case SegmentAudio():
                pieces += output.pcm
            case SegmentClosed(_, count):
                pcm = bytes(pieces[: count * BYTES_PER_SAMPLE])
                texts.append(checksum(amplify(pcm, begun.gain_db)))
    return texts
