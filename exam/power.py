"""Power that fails while a commit is written. What a disk does that lies about what it stored, fault 24 has."""

from __future__ import annotations

from pathlib import Path
from random import Random

from exam.order import Ended
from exam.process import JOURNAL
from exam.trial import Kill, Script


def torn_script(seed: int) -> Script:
    """A process that ends with a commit of which only part, or garbage in part, has reached the disk.

    Everything before that commit is on the disk: the journal waits for it. Nothing that follows from the commit
    has happened: the process ends at the first instruction after it.
    """
    draw = Random(f"torn/{seed}")
    name = draw.choice(("intend", "settle", "list_page", "start", "listed", "finish", "postpone", "take_due"))
    kill = Kill(draw.choice((1, 1, 2)), f"journal.{name}.committed")
    return Script(kills=(kill,), seed=seed, between=_Tear(seed))


class _Tear:
    """Cuts or spoils the end of the log, between the last commit's beginning and its end."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, folder: Path, ended: Ended) -> None:
        log = folder / f"{JOURNAL}-wal"
        if ended.cut is None or not log.exists():
            return
        draw = Random(f"tear/{self.seed}")
        start, end = ended.cut
        at = draw.randrange(start, end + 1) if end > start else end
        whole = log.read_bytes()
        torn = draw.choice((b"", bytes(end - at), draw.randbytes(end - at)))
        log.write_bytes(whole[:at] + torn)
