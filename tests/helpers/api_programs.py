"""Programs that use published clients as their documentation describes. Each prints the texts that it gets.

Each is called with the URL of a gateway, its key and a WAV file of 16 kHz mono, in an environment of its own.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ClientProgram:
    """Program with its pinned ``packages``. ``texts``: lines that it prints.

    ``alone``: packages installed without their dependencies, which need compilers or a desktop.
    """

    code: str
    packages: tuple[str, ...]
    texts: int = 1
    alone: tuple[str, ...] = ()


SPEECH_RECOGNITION: Final = ClientProgram(
    """
import os, sys
url, key, file = sys.argv[1:]
os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"] = f"{url}/v1", key
import speech_recognition
recognizer = speech_recognition.Recognizer()
with speech_recognition.AudioFile(file) as source:
    audio = recognizer.record(source)
print(recognizer.recognize_openai(audio, model="whisper-1", language="en"))
""",
    ("SpeechRecognition[openai]==3.17.0",),
)

LANGCHAIN: Final = ClientProgram(
    """
import sys, warnings
warnings.simplefilter("ignore")
import imageio_ffmpeg, pydub
from langchain_community.document_loaders.parsers.audio import OpenAIWhisperParser
from langchain_core.documents.base import Blob
url, key, file = sys.argv[1:]
pydub.AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
parser = OpenAIWhisperParser(api_key=key, base_url=f"{url}/v1", language="en", response_format="text")
text = parser.parse(Blob.from_path(file))[0].page_content
print(text.strip())
""",
    ("langchain-community==0.4.2", "openai==3.57.0", "pydub==0.25.1", "imageio-ffmpeg"),
)

PIPECAT: Final = ClientProgram(
    """
import asyncio, sys, warnings, wave
warnings.simplefilter("ignore")
from pipecat.frames.frames import EndFrame, InputAudioRawFrame, TranscriptionFrame
from pipecat.frames.frames import VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.openai.stt import OpenAIRealtimeSTTService, OpenAISTTService
url, key, file = sys.argv[1:]
with wave.open(file) as opened:
    pcm = opened.readframes(opened.getnframes())

class Printer(FrameProcessor):
    def __init__(self):
        super().__init__()
        self.heard = asyncio.Event()

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            print(frame.text)
            self.heard.set()
        await self.push_frame(frame, direction)

async def main():
    for service in (
        OpenAISTTService(base_url=f"{url}/v1", api_key=key),
        OpenAIRealtimeSTTService(base_url=f"{url.replace('http', 'ws', 1)}/v1/realtime", api_key=key),
    ):
        printer = Printer()
        task = PipelineTask(Pipeline([service, printer]), params=PipelineParams(audio_in_sample_rate=16000))

        async def speak():
            await asyncio.sleep(1)
            await task.queue_frame(VADUserStartedSpeakingFrame())
            for start in range(0, len(pcm), 3200):
                await task.queue_frame(InputAudioRawFrame(pcm[start : start + 3200], 16000, 1))
                await asyncio.sleep(0.02)
            await task.queue_frame(VADUserStoppedSpeakingFrame())
            async with asyncio.timeout(60):
                await printer.heard.wait()
            await task.queue_frame(EndFrame())

        await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), speak())

asyncio.run(main())
""",
    ("pipecat-ai[openai]==1.14.0",),
    texts=2,
)

LIVEKIT: Final = ClientProgram(
    """
import asyncio, sys, wave
from livekit import rtc
from livekit.agents import stt, utils
from livekit.plugins import openai
url, key, file = sys.argv[1:]
with wave.open(file) as opened:
    pcm = opened.readframes(opened.getnframes())

async def main():
    async with utils.http_context.open():
        whole = openai.STT(base_url=f"{url}/v1", api_key=key, model="whisper-1")
        event = await whole.recognize(rtc.AudioFrame(pcm, 16000, 1, len(pcm) // 2))
        print(event.alternatives[0].text)
        realtime = openai.STT(base_url=f"{url}/v1", api_key=key, use_realtime=True, model="gpt-4o-transcribe")
        live = realtime.stream()

        async def speak():
            for start in range(0, len(pcm), 3200):
                piece = pcm[start : start + 3200]
                live.push_frame(rtc.AudioFrame(piece, 16000, 1, len(piece) // 2))
                await asyncio.sleep(0.02)

        speaking = asyncio.create_task(speak())
        async for event in live:
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                print(event.alternatives[0].text)
                break
        await speaking
        await live.aclose()

asyncio.run(main())
""",
    ("livekit-agents==1.8.9", "livekit-plugins-openai==1.8.9"),
    texts=2,
)

VOICE_MODE: Final = ClientProgram(
    """
import asyncio, os, sys
url, key, file = sys.argv[1:]
os.environ |= {"VOICEMODE_STT_BASE_URLS": f"{url}/v1", "OPENAI_API_KEY": key, "HOME": os.path.dirname(file)}
from voice_mode.simple_failover import simple_stt_failover

async def main():
    with open(file, "rb") as audio:
        found = await simple_stt_failover(audio)
    print(found["text"])

asyncio.run(main())
""",
    ("aiohttp", "click", "fastmcp<4", "httpx", "keyring", "numpy", "openai==3.57.0", "psutil", "pydub", "pyyaml")
    + ("scipy", "sounddevice", "webrtcvad-wheels", "opentelemetry-api", "pyjwt"),
    alone=("voice-mode==9.0.1",),
)

VOCALINUX: Final = ClientProgram(
    """
import sys, wave
from vocalinux.speech_recognition.recognition_manager import SpeechRecognitionManager
url, key, file = sys.argv[1:]
with wave.open(file) as opened:
    pcm = opened.readframes(opened.getnframes())
for endpoint in ("/inference", "/v1/audio/transcriptions"):
    manager = SpeechRecognitionManager(
        engine="remote_api", language="en-us", remote_api_url=url, remote_api_key=key, remote_api_endpoint=endpoint
    )
    print(manager._transcribe_with_remote_api([pcm], manager._http_session))
""",
    ("requests", "numpy"),
    texts=2,
    alone=("vocalinux==0.18.5",),
)

FUNASR_PYTHON: Final = ClientProgram(
    """
import asyncio, sys
from urllib.parse import quote
from funasr_client import AsyncFunASRClient, FunASRClient
from funasr_client.callbacks import AsyncSimpleCallback
url, key, file = sys.argv[1:]
place = f"{url.replace('http', 'ws', 1)}/?api_key={quote(key)}"
print(FunASRClient(place, mode="offline").recognize_file(file).text)

async def main():
    texts = []

    async def note(result):
        texts.append(result.text)

    client = AsyncFunASRClient(place, mode="2pass")
    await client.start()
    await client.recognize_file(file, AsyncSimpleCallback(on_partial=note, on_final=note))
    await client.close()
    print("".join(texts))

asyncio.run(main())
""",
    ("funasr-python==0.1.5",),
    texts=2,
)

OPENAI_NPM: Final = ClientProgram(
    """
import fs from "node:fs";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";
const [url, key, file] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key });
const asked = () => ({ file: fs.createReadStream(file), model: "whisper-1", language: "en" });
console.log((await client.audio.transcriptions.create(asked())).text);
let text = "";
for await (const event of await client.audio.transcriptions.create({ ...asked(), stream: true }))
  if (event.type === "transcript.text.delta") text += event.delta;
console.log(text);
const live = new OpenAIRealtimeWS({ model: "gpt-4o-transcribe" }, client);
live.on("error", (error) => { console.error(error); process.exit(1); });
const format = { type: "audio/pcm", rate: 16000 };
const input = { format, turn_detection: null, transcription: { model: "gpt-4o-transcribe", language: "en" } };
const session = { type: "transcription", audio: { input } };
live.on("session.created", () => live.send({ type: "session.update", session }));
live.on("session.updated", () => {
  const pcm = fs.readFileSync(file).subarray(44);
  for (let at = 0; at < pcm.length; at += 3200)
    live.send({ type: "input_audio_buffer.append", audio: pcm.subarray(at, at + 3200).toString("base64") });
  live.send({ type: "input_audio_buffer.commit" });
});
live.on("conversation.item.input_audio_transcription.completed", (event) => {
  console.log(event.transcript);
  live.close();
});
""",
    ("openai@6.49.0", "ws@8"),
    texts=3,
)

PROGRAMS: Final = {
    "SpeechRecognition": SPEECH_RECOGNITION,
    "langchain-community": LANGCHAIN,
    "pipecat": PIPECAT,
    "livekit": LIVEKIT,
    "voice-mode": VOICE_MODE,
    "vocalinux": VOCALINUX,
    "funasr-python": FUNASR_PYTHON,
}
"""Programs in Python, by the name of the client."""
