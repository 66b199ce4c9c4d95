"""SenseVoiceSmall as an ONNX graph: language, emotion, event and text in one pass, decoded greedily (CTC).

Inputs beside the features are the numbers of two query embeddings: the language, and with or without ITN (inverse
text normalisation, which includes punctuation); see ``lid_dict`` and ``textnorm_dict`` in FunASR's model.py. The
first four positions of the scores answer with tags.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protocol.engine import EngineSettings
from speech.lfr import FRAME_S
from worker.engines.batch_engine import SENSEVOICE, Answer, Asked, BatchEngine
from worker.engines.onnx_engine import OnnxKind, Vocabulary, create_engine
from worker.engines.onnx_session import Arrays
from worker.engines.vocabulary import join_pieces
from worker.engines.word_times import TimedPiece, timed_words

LANGUAGE_QUERIES: Final = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}
WITH_ITN, WITHOUT_ITN = 14, 15
BLANK: Final = 0
_TAGS: Final = 4
_LATE_S: Final = 2 * FRAME_S
"""How long after its first sound a word is heard: 0.13 s with the digits model (median of 185 words)."""


def create(settings: EngineSettings) -> BatchEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    return create_engine(SENSEVOICE_ONNX, settings)


def queries(asked: Asked, count: int) -> Arrays:
    """Return the queries for ``count`` recordings."""
    textnorm = WITH_ITN if asked["use_itn"] else WITHOUT_ITN
    language = LANGUAGE_QUERIES[str(asked["language"])]
    return {"language": np.full(count, language, np.int32), "textnorm": np.full(count, textnorm, np.int32)}


def decode_greedily(ids: NDArray[Any], vocabulary: Vocabulary) -> Answer:
    """Return the text and words of the best id of each frame: repetitions count once, blanks not at all."""
    (places,) = np.nonzero((np.diff(ids, prepend=-1) != 0) & (ids != BLANK))
    pieces = [
        TimedPiece(vocabulary[ids[place]], max(0.0, (place - _TAGS) * FRAME_S - _LATE_S)) for place in places
    ]
    text = join_pieces(piece.text for piece in pieces)
    return Answer(text, timed_words(pieces, max(0, len(ids) - _TAGS) * FRAME_S))


SENSEVOICE_ONNX: Final = OnnxKind(
    "sensevoice-onnx", SENSEVOICE, ("language", "textnorm"), queries, decode_greedily
)
