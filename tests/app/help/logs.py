"""Logs as our programs write them, for tests."""

import json
from pathlib import Path


def line(at: int, event: str = "it goes on", level: str = "info", **fields: object) -> str:
    """At so many seconds of some hour."""
    stamp = f"2026-03-01T10:{at // 60:02}:{at % 60:02}Z"
    return json.dumps({"timestamp": stamp, "level": level, "event": event} | fields)


def write(folder: Path, program: str, *lines: str, rotated: int = 0) -> None:
    """Add them to the log."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{program}.jsonl{f'.{rotated}' if rotated else ''}").open("a") as file:
        file.writelines(f"{text}\n" for text in lines)
