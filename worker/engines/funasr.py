"""FunASR models through torch: SenseVoiceSmall, which detects language, emotion and event, and Paraformer.

``AutoModel`` loads them; their ``inference`` is called directly, because ``generate`` copies its configuration
and empties the CUDA cache at every call. Nothing here uses a network: a model is a folder on this computer.

SenseVoiceSmall writes punctuation if and only if ``itn`` is requested. Paraformer writes none by itself: the
setting ``punctuation`` names the folder of a CT-Transformer that adds it. The setting ``folder`` names a model
folder that replaces one from the catalogue.
"""

import contextlib
import dataclasses
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final

from protocol.engine import EngineInfo, EngineSettings, EngineUnavailable
from protocol.recognition import Options, Word
from worker.engines.batch_engine import (
    PARAFORMER,
    SENSEVOICE,
    SLOTS,
    Answer,
    Asked,
    BatchEngine,
    Punctuate,
    Recognise,
)
from worker.engines.devices import choose_device
from worker.engines.funasr_library import import_auto_model
from worker.engines.model_loading import loading, model_folder, model_name, needed_library

_MIB: Final = 1 << 20
_SETTINGS: Final = frozenset({"folder", "punctuation"})
_LIBRARIES: Final = ("the engine funasr needs FunASR and torch", "funasr")
_FAILURES: Final = (RuntimeError, ValueError, OSError, EOFError, UnpicklingError)
"""Errors of a model that cannot be loaded; others are faults of the engine."""


def _paraformer_hotwords(options: Options) -> Asked:
    """Pad hotwords with spaces: the model would fetch ``http…`` as an address and read ``….txt`` as a file."""
    return {"hotword": f" {' '.join(options.hotwords)} "} if options.hotwords else {}


_PARAFORMER: Final = dataclasses.replace(PARAFORMER, shared=("hotwords",), asked=_paraformer_hotwords)
FAMILIES: Final = {
    "SenseVoiceSmall": SENSEVOICE,
    "Paraformer": _PARAFORMER,
    "BiCifParaformer": _PARAFORMER,
    "ContextualParaformer": _PARAFORMER,
    "SeacoParaformer": _PARAFORMER,
}


def in_order(results: Sequence[Mapping[str, Any]], count: int) -> list[Answer]:
    """Return the answers in ``results`` by key, 0 to ``count - 1``. A missing result gives an empty text.

    Raises ``ValueError`` for an unknown or repeated key.
    """
    answers = {str(result["key"]): Answer(str(result["text"]), _words(result)) for result in results}
    places = [str(place) for place in range(count)]
    if len(answers) != len(results) or not answers.keys() <= set(places):
        raise ValueError(f"FunASR answered {[result['key'] for result in results]} for {count} recordings")
    return [answers.get(place, Answer("")) for place in places]


def _words(result: Mapping[str, Any]) -> tuple[Word, ...]:
    """Return the words that Paraformer times; none if FunASR timed tokens that it does not write."""
    said, times = str(result["text"]).split(), result.get("timestamp", ())
    matched = zip(said, times, strict=True) if len(said) == len(times) else ()
    return tuple(Word(text, int(start_ms), int(end_ms)) for text, (start_ms, end_ms) in matched)


# -- loading -----------------------------------------------------------------------------------------------


def create(settings: EngineSettings) -> BatchEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    folder = model_folder("funasr", settings, _SETTINGS)
    model_class = class_in(Path(folder))
    if model_class not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise EngineUnavailable(f"the model in {folder!r} is a {model_class}: the engine funasr runs {known}")
    family, punctuation = FAMILIES[model_class], settings.extra.get("punctuation", "")
    if punctuation and family.punctuates:
        raise EngineUnavailable(f"{model_class} writes punctuation by itself: leave out --set punctuation")
    if punctuation and class_in(Path(punctuation)) != "CTTransformer":
        raise EngineUnavailable(f"the model in {punctuation!r} is no CT-Transformer: it adds no punctuation")
    device, threads = choose_device("funasr", settings.device, _cuda_devices), settings.threads
    keeps = device != "cpu" and settings.gpu_memory_mb > 0
    if keeps:
        from torch import cuda

        limit_memory(cuda, device, settings.gpu_memory_mb)
    recognise = _load_model(folder, device, threads)
    punctuate = _punctuator(_load_model(punctuation, device, threads)) if punctuation else None
    slots = SLOTS[device.partition(":")[0]]
    info = EngineInfo(
        "funasr",
        model_name(settings, folder),
        device,
        family.languages,
        slots,
        keeps,
        pads=True,
        shared_options=family.shared,
    )
    return BatchEngine(info, family, recognise, punctuate)


def class_in(folder: Path) -> str:
    """Return FunASR's class of the model in ``folder``. Raises ``EngineUnavailable`` for an incomplete folder.

    Without weights, FunASR would use random ones.
    """
    for name in ("config.yaml", "model.pt"):
        if not (folder / name).is_file():
            raise EngineUnavailable(f"there is no FunASR model in {str(folder)!r}: it has no {name}")
    found = re.search(r"^model:\s*(\w+)", (folder / "config.yaml").read_text("utf-8", "replace"), re.MULTILINE)
    return found[1] if found else "model without a class"


def _cuda_devices() -> int:
    """Count the devices; FunASR would silently replace a missing one by the CPU."""
    with needed_library(*_LIBRARIES):
        from torch import cuda
    return cuda.device_count() if cuda.is_available() else 0


def limit_memory(cuda: Any, device: str, megabytes: int) -> None:
    """Limit the MiB that ``torch.cuda`` allocates on a device; the driver's own memory comes on top.

    Beyond the limit an allocation raises, as on a full device: a model does not load, a batch is retried one by
    one.
    """
    total = int(cuda.get_device_properties(device).total_memory)
    cuda.set_per_process_memory_fraction(min(1.0, megabytes * _MIB / total), device)


def load_auto_model(folder: str, device: str, threads: int) -> Any:
    """Load a model folder as FunASR's ``AutoModel``, without a network. Raises ``EngineUnavailable``."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the libraries are imported
    with without_side_effects():
        with needed_library(*_LIBRARIES):
            import torch

            auto_model = import_auto_model(Path(folder))
        with loading(f"the model in {folder!r}", _FAILURES):
            return auto_model(
                model=str(Path(folder).resolve()),  # a name that is not a path would be searched for on a hub
                device=device,
                ncpu=threads or torch.get_num_threads(),
                frontend_conf={"dither": 0.0},  # makes decoding deterministic
                ignore_init_mismatch=False,
                disable_update=True,
                disable_pbar=True,
                disable_log=True,
            )


def _load_model(folder: str, device: str, threads: int) -> Recognise:
    auto = load_auto_model(folder, device, threads)
    import torch

    def recognise(recordings: Sequence[Any], asked: Asked) -> list[Answer]:
        keys = [str(place) for place in range(len(recordings))]
        with without_side_effects(), torch.inference_mode():
            results, *_ = auto.model.inference(data_in=list(recordings), key=keys, **{**auto.kwargs, **asked})
        return in_order(results, len(recordings))

    return recognise


def _punctuator(add: Recognise) -> Punctuate:
    return lambda text: add([text], {})[0].text


@contextlib.contextmanager
def without_side_effects() -> Iterator[None]:
    """Undo FunASR's side effects on the process: it prints, configures logging, and logs hotwords."""
    root = logging.getLogger()
    level, handlers, disabled = root.level, list(root.handlers), root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        root.setLevel(level)
        root.handlers[:] = handlers
