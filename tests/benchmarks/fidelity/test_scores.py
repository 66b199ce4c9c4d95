"""Test the figures of a set of recordings."""

import numpy as np

from benchmarks.fidelity.items import Item
from benchmarks.fidelity.scores import Heard, groups, rates, sounds

SAID = Item("one", "en", "We go, and you stay.", ("We go,",), np.zeros(1, np.int16))


def test_rates_compare_the_chain_with_the_whole_recording() -> None:
    figures = rates([Heard(SAID, "We go. And you stay.", "We go, and you say.", "We go, and you stay.")])
    assert (figures["errors"], figures["whole"], figures["whole_given"]) == (0, 20, 0)
    assert (figures["false_stops"], figures["whole_false_stops"]) == ("1 of 1", "0 of 1")
    assert (figures["right"], figures["whole_right"], figures["whole_given_right"]) == (1, 0, 1)
    assert figures["bound"] == -20 and figures["empty"] == 0


def test_dropped_text_counts_as_errors() -> None:
    figures = rates([Heard(SAID, "", SAID.text, SAID.text)])
    assert (figures["errors"], figures["empty"], figures["missing_stops"]) == (100, 1, "1 of 1")


def test_sounds_report_inserted_characters_and_loops() -> None:
    silent, looping = sounds([("noise 0 dB", ""), ("babble 0 dB", "no no no no")])
    assert (silent["characters"], silent["loop"]) == (0, False)
    assert (looping["characters"], looping["loop"]) == (8, True)


def test_texts_whose_whole_decode_loops_are_left_out_of_the_second_group() -> None:
    plain, looping = Heard(SAID, "", SAID.text, SAID.text), Heard(SAID, "", "no no no no", SAID.text)
    assert groups([plain]) == [("", [plain])]
    assert groups([plain, looping]) == [("", [plain, looping]), ("without loops", [plain])]
