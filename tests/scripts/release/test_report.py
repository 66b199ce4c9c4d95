from scripts.release.report import report

KNOWN = ("wheels", "audit", "checksums")


def test_report_of_a_whole_release_leaves_nothing_out() -> None:
    lines = report("0.1.0", "abc", KNOWN, KNOWN, tested=True).splitlines()
    assert lines[0] == "kikipounamu 0.1.0, commit abc" and lines[-1] == "left out: nothing"
    assert "make check: passed" in lines


def test_report_names_steps_that_were_not_done() -> None:
    lines = report("0.1.0", "abc", ("wheels", "checksums"), KNOWN, tested=False)
    assert "make check: not run" in lines and "left out: audit\n  audit: no library was looked up" in lines
