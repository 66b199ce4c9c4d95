"""Small model for tests, as a catalogue entry, a folder and wheels."""

import hashlib
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

from speech.models.catalogue import (
    Catalogue,
    Endpoints,
    HuggingFace,
    Model,
    ModelFile,
    ModelScope,
    SourceEntry,
    Wheel,
    Wheels,
)
from speech.models.download import RetryLimits
from speech.models.sources import ModelHub
from tests.speech.models.server import FileServer, Served

NAME = "tiny"
WEIGHTS = "weights.bin"
CONFIG = "config.json"
CONTENTS: Mapping[str, bytes] = {CONFIG: b'{"layers": 1}\n', WEIGHTS: random.Random(7).randbytes(400_000)}
HALF = len(CONTENTS[WEIGHTS]) // 2
QUICK = RetryLimits(stall_s=10, attempts=2, pause_s=0)

ENDPOINTS = Endpoints("http://modelscope.invalid", "http://huggingface.invalid")
SAME = {CONFIG: CONFIG, WEIGHTS: WEIGHTS}
ON_MODELSCOPE = ModelScope("lab/tiny", "v1", SAME)
ON_HUGGINGFACE = HuggingFace("lab/tiny", "main", SAME)
IN_WHEELS = Wheels(
    (Wheel("kiki-tiny-part1", "1.0", 250_000), Wheel("kiki.tiny_part2", "1.0", 250_000)),
    {CONFIG: ("tiny1/config.json",), WEIGHTS: ("tiny1/weights.part1", "tiny2/weights.part2")},
)


def file_of(path: str) -> ModelFile:
    """Return the catalogue entry of one file."""
    data = CONTENTS[path]
    return ModelFile(path, len(data), hashlib.sha256(data).hexdigest())


def model_of(*sources: SourceEntry) -> Model:
    """Return the model with these sources."""
    return Model(NAME, "Tiny", "MIT", "Made up.", (file_of(CONFIG), file_of(WEIGHTS)), sources)


def catalogue_of(*sources: SourceEntry) -> Catalogue:
    """Return a catalogue with only this model."""
    return Catalogue(ENDPOINTS, (model_of(*sources),))


def write_files(folder: Path, contents: Mapping[str, bytes] = CONTENTS) -> Path:
    """Write the files to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in contents.items():
        (folder / path).write_bytes(data)
    return folder


def write_wheels(folder: Path) -> Path:
    """Write the two wheels to ``folder``: installable by pip, with the weights split between them."""
    weights = CONTENTS[WEIGHTS]
    first = {"tiny1/config.json": CONTENTS[CONFIG], "tiny1/weights.part1": weights[:HALF]}
    write_wheel(folder, "kiki_tiny_part1", first)
    write_wheel(folder, "kiki_tiny_part2", {"tiny2/weights.part2": weights[HALF:]})
    return folder


def write_wheel(folder: Path, name: str, members: Mapping[str, bytes]) -> Path:
    """Write a data wheel of version 1.0."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-1.0.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: >=9\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in (metadata | dict(members)).items():
            archive.writestr(member, data)
    return path


def serve(server: FileServer, prefix: str = "", contents: Mapping[str, bytes] = CONTENTS) -> ModelHub:
    """Put the files on ``server``; return a hub for them."""
    server.files |= {f"/{prefix}{path}": Served(data) for path, data in contents.items()}
    urls = {path: f"{server.url}/{prefix}{path}" for path in contents}
    return ModelHub(prefix or "hub", urls, WEIGHTS if WEIGHTS in contents else CONFIG, QUICK)


def flip_bit(path: Path) -> None:
    """Flip a bit in the middle of a file, keeping its size."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
