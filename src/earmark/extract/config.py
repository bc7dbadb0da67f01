"""What an extractor is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from earmark.catalog.entry import Entry
from earmark.model import ISSUE, PRODUCT, Sender

DEFAULT_LABEL_MAP: Mapping[str, str] = MappingProxyType(
    {
        PRODUCT: PRODUCT,
        "ORG": PRODUCT,
        "GPE": PRODUCT,
        ISSUE: ISSUE,
        "MISC": ISSUE,
        "EVENT": ISSUE,
        "WORK_OF_ART": ISSUE,
    }
)
BUILTIN_RULES = Path(__file__).parent / "data" / "issue_rules.toml"


@dataclass(frozen=True)
class ExtractConfig:
    """The extractor's settings.

    `model` is the name or path of any spaCy pipeline (None: catalog and rules only); `label_map` turns its
    labels into ours, labels that are absent are ignored. `entries` are those of a catalog that was read already,
    beside those of `catalogs`. `use_rules` None means: beside Earmark's own
    tagger, which finds issues better alone, they only name what it found. `batch_words` is how many words
    go through the pipeline at once, `cache_messages` how many results are remembered; neither changes what
    is found.
    """

    model: str | None = None
    label_map: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_LABEL_MAP))
    catalogs: tuple[Path, ...] = ()
    entries: tuple[Entry, ...] = ()
    rules: tuple[Path, ...] = (BUILTIN_RULES,)
    use_rules: bool | None = None
    senders: frozenset[Sender] = frozenset({Sender.CUSTOMER, Sender.AGENT})
    batch_words: int = 5000
    cache_messages: int = 8_000
