"""The texts of the scripts."""

from worker.scripts import load_scripts


def test_each_runs_when_the_broker_is_full_and_what_only_looks_says_so() -> None:
    scripts = load_scripts()
    assert all(
        text.startswith("#!lua flags=") and "allow-oom" in text.partition("\n")[0] for text in scripts.values()
    )
    assert [name for name, text in scripts.items() if "no-writes" in text.partition("\n")[0]] == ["glance"]
