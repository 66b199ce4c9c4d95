"""Plots that are well-formed for any content."""

from xml.etree import ElementTree

import pytest

from loadtest.reports.plots import PlotSpan, Series, bars, lines, nice

SVG = "svg"


@pytest.mark.parametrize(("value", "top"), [(0.0, 1.0), (0.03, 0.04), (1.0, 1.0), (7.0, 8.0), (81.0, 100.0)])
def test_nice_returns_round_numbers(value: float, top: float) -> None:
    assert nice(value) == pytest.approx(top)


def test_plot_lines_have_gaps_without_measurements() -> None:
    drawn = lines("A <title>", [Series("a & b", [(0.0, 1.0), (1.0, None), (2.0, 3.0)])], "ms")
    figure = ElementTree.fromstring(drawn.replace("<br>", ""))
    (path,) = (one for one in figure.iter("path") if "line" in one.attrib["class"])
    assert path.attrib["d"].count("M") == 2
    assert figure.find(SVG) is not None
    assert "a & b" in "".join(figure.itertext())


def test_spans_lie_within_the_plot() -> None:
    spans = (PlotSpan(1.0, 1.0, "kill <worker> 1"), PlotSpan(9.0, 30.0, "pause broker 0"))
    figure = ElementTree.fromstring(lines("t", [Series("a", [(10.0, 1.0)])], "ms", spans).replace("<br>", ""))
    rectangles = [one for one in figure.iter("rect") if one.attrib["class"] == "span"]
    assert [one.findtext("title") for one in rectangles] == ["1 s: kill <worker> 1", "9 s: pause broker 0"]
    ends = [float(one.attrib["x"]) + float(one.attrib["width"]) for one in rectangles]
    assert ends[0] < ends[1] <= 720


def test_plot_without_values_is_empty() -> None:
    assert lines("t", [Series("a", [(0.0, None)])], "ms") == ""
    assert bars("t", ("a",), [[]], "ms") == ""


def test_plot_bars_stand_side_by_side() -> None:
    drawn = bars("t", ("a", "b"), [[(1.0, 5), (10.0, 0)], [(10.0, 7)]], "segments")
    places = [float(one.attrib["x"]) for one in ElementTree.fromstring(drawn.replace("<br>", "")).iter("rect")]
    assert len(places) == len(set(places)) == 3
