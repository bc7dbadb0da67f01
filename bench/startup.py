"""How long `earmark --help` takes: median of fresh processes, compiled files in place.

python bench/startup.py [--quick]
"""

from __future__ import annotations

from harness import Figure, earmark, folder, median, publish, quick


def main() -> None:
    rounds = 5 if quick(__doc__) else 10
    with folder() as place:
        earmark(["--help"], place)
        taken = [earmark(["--help"], place).seconds for _ in range(rounds)]
    span = f"{min(taken):.2f} to {max(taken):.2f} s in {rounds} processes"
    publish("startup", [Figure("earmark --help", median(taken), "s", most=0.5, behind=span)], seconds=taken)


if __name__ == "__main__":
    main()
