"""FunASR is imported with the parts that a model needs, and completely only for a class that they lack."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.helpers.digits import MODEL
from worker.engines.funasr_library import unregistered_classes

KINDS = ("model", "frontend", "tokenizer", "specaug", "normalize", "encoder", "decoder", "predictor")
CONFIG = """
model: Seaco
model_conf:
    encoder: lstm
encoder: Sanm
seaco_decoder: San
normalize: null
dataset: AudioDataset
"""


def tables(**classes: str) -> SimpleNamespace:
    """Return FunASR's tables with one class of some kinds."""
    return SimpleNamespace(**{f"{kind}_classes": {classes.get(kind): object} for kind in KINDS})


def test_classes_of_a_model_are_looked_up_by_their_kind() -> None:
    assert unregistered_classes(CONFIG, tables(model="Seaco", encoder="Sanm", decoder="San")) == []
    assert unregistered_classes(CONFIG, tables(model="Sanm", encoder="Sanm", decoder="other")) == ["Seaco", "San"]


@pytest.mark.funasr
def test_other_models_are_imported_only_for_their_classes(tmp_path: Path) -> None:
    text = (MODEL / "config.yaml").read_text("utf-8")
    (tmp_path / "config.yaml").write_text(text.replace("SenseVoiceEncoderSmall", "Other"), "utf-8")
    code = """
import pkgutil, sys
from pathlib import Path
walk = pkgutil.walk_packages
from worker.engines.funasr_library import import_auto_model
made = import_auto_model(Path(sys.argv[1]))
assert made.__name__ == "AutoModel" and pkgutil.walk_packages is walk
assert "torch" in sys.modules and not {"funasr.models.whisper.model", "transformers", "sympy"} & set(sys.modules)
import funasr
imported = []
funasr.import_submodules = imported.append
assert import_auto_model(Path(sys.argv[1])) is made and imported == []
assert import_auto_model(Path(sys.argv[2])) is made and imported == ["funasr"]
"""
    command = [sys.executable, "-W", "ignore", "-c", code, str(MODEL), str(tmp_path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=100)
