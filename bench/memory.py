"""Peak memory of a run, and whether it grows with the number of conversations.

    python bench/memory.py [--quick]

The same run over 2,000 and over 20,000 chats (quick: 500 and 3,000): from a file into a file, and against the
sandbox with the SDK loaded, which lives in this process and is not counted. Peaks are the high-water mark of the
run's own process (VmHWM). The small run is to be large enough to fill whatever is bounded (message cache, spaCy's
zone of forgettable words); what the ratio shows beyond is growth.
"""

from __future__ import annotations

from pathlib import Path

from chats import chats, write
from harness import FULL_SPEED, Done, Figure, at, counted, earmark, folder, publish, quick

from earmark.cli.sandbox import catalog
from earmark.sandbox import Sandbox


def from_file(count: int, place: Path) -> Done:
    source = write(count, place / f"chats-{count}.jsonl")
    flags = ["--writer", f"files:{place / f'out-{count}.jsonl'}", "--catalog", str(catalog())]
    done = earmark(["run", "--source", f"files:{source}", *flags, "--journal", f"file-{count}.db"], place)
    lines = sum(1 for _ in (place / f"out-{count}.jsonl").open())
    print(
        f"file     {count:6,} chats  {done.seconds:6.1f} s  {done.peak_mb:6.1f} MB  {lines:,} lines written"
    )
    return done


def from_sandbox(count: int, place: Path) -> Done:
    with Sandbox(chats(count), rate_limit=FULL_SPEED) as sandbox:
        flags = ["--source", "genesys", "--since", "9w", "--journal", f"genesys-{count}.db"]
        done = earmark(["run", *flags], place, at(sandbox))
        requests = sum(counted(sandbox).values())
    print(f"genesys  {count:6,} chats  {done.seconds:6.1f} s  {done.peak_mb:6.1f} MB  {requests:,} requests")
    return done


def main() -> None:
    is_quick = quick(__doc__)
    small, large = (500, 3_000) if is_quick else (2_000, 20_000)
    most = None if is_quick else 1.1  # the target is for the large pair
    figures, details = [], {}
    for name, run in (("file → file", from_file), ("genesys, SDK loaded", from_sandbox)):
        with folder() as place:
            few, many = run(small, place), run(large, place)
        behind = f"{many.peak_mb:.0f} MB at {large:,}, {few.peak_mb:.0f} MB at {small:,} conversations"
        figures += [
            Figure(f"{name}: growth", many.peak_mb / few.peak_mb, "×", most=most, behind=behind),
            Figure(
                f"{name}: peak", many.peak_mb, "MB", most=800, behind=f"{large / many.seconds:.0f} a second"
            ),
        ]
        details[name] = {"peaks_mb": [few.peak_mb, many.peak_mb], "seconds": [few.seconds, many.seconds]}
    publish("memory", figures, conversations=[small, large], runs=details)


if __name__ == "__main__":
    main()
