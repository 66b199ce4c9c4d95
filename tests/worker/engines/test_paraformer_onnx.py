"""Paraformer as an ONNX graph: tokens to words."""

import numpy as np

from worker.engines.paraformer_onnx import decode_tokens
from worker.engines.rich_text import read_plain

VOCABULARY = ("<blank>", "<s>", "</s>", "打", "开", "wi@@", "fi", "<unk>")


def test_tokens_become_words_without_marks() -> None:
    answer = decode_tokens(np.array([1, 3, 4, 0, 5, 6, 7, 2]), VOCABULARY)
    assert answer.text == "打 开 wifi" and read_plain(answer.text).text == "打开 wifi"
    assert decode_tokens(np.array([], np.int64), VOCABULARY).text == ""
