"""Import FunASR without the models that the engine does not run.

FunASR's package imports all of its models, and for them thousands of modules of other libraries.
"""

import pkgutil
import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_PARTS: Final = (
    "frontends.wav_frontend",
    "tokenizer.char_tokenizer",
    "tokenizer.sentencepiece_tokenizer",
    "models.specaug.specaug",
    "models.sanm.encoder",
    "models.sense_voice.model",
    "models.paraformer.cif_predictor",
    "models.paraformer.decoder",
    "models.paraformer.model",
    "models.bicif_paraformer.cif_predictor",
    "models.bicif_paraformer.model",
    "models.contextual_paraformer.decoder",
    "models.contextual_paraformer.model",
    "models.seaco_paraformer.model",
    "models.ct_transformer.model",
)
"""Modules that register the classes of published models of our families."""
_NAMED: Final = re.compile(
    r"^(?:\w+_)?(model|frontend|tokenizer|specaug|normalize|encoder|decoder|predictor): *(\w+)", re.MULTILINE
)


def import_auto_model(folder: Path) -> Any:
    """Import FunASR with the classes that the model in ``folder`` names, and return its ``AutoModel``."""
    walk, pkgutil.walk_packages = pkgutil.walk_packages, lambda *_, **__: iter(())
    try:
        import funasr
    finally:
        pkgutil.walk_packages = walk
    for part in _PARTS:
        import_module(f"funasr.{part}")
    from funasr.register import tables

    if unregistered_classes((folder / "config.yaml").read_text("utf-8", "replace"), tables):
        funasr.import_submodules("funasr")
    return funasr.AutoModel


def unregistered_classes(config: str, tables: Any) -> list[str]:
    """Return the classes that a model's configuration names and FunASR's ``tables`` lack."""
    named = [(kind, name) for kind, name in _NAMED.findall(config) if name != "null"]
    return [name for kind, name in named if name not in getattr(tables, f"{kind}_classes")]
