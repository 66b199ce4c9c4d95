"""Paraformer as an ONNX graph: its predictor counts the tokens, and its decoder scores all of them at once.

Hotwords need the second graph of SeACo-Paraformer, which FunASR's engine runs: this one does not use them.
"""

from typing import Any, Final

from numpy.typing import NDArray

from protocol.engine import EngineSettings
from worker.engines.batch_engine import PARAFORMER, Answer, BatchEngine
from worker.engines.onnx_engine import OnnxKind, Vocabulary, create_engine
from worker.engines.rich_text import join_words

_UNWRITTEN: Final = frozenset({"<blank>", "<s>", "</s>", "<unk>"})


def create(settings: EngineSettings) -> BatchEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    return create_engine(PARAFORMER_ONNX, settings)


def decode_tokens(ids: NDArray[Any], vocabulary: Vocabulary) -> Answer:
    """Return the words of the best token at each place."""
    return Answer(join_words(token for token in (vocabulary[number] for number in ids) if token not in _UNWRITTEN))


PARAFORMER_ONNX: Final = OnnxKind("paraformer-onnx", PARAFORMER, (), lambda asked, count: {}, decode_tokens)
