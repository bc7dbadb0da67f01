"""Puts a job together from settings: which source, which writer, which extractor, over which window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from earmark.confidence import CALIBRATED, CalibratedScorer, EvidenceScorer, open_scorer
from earmark.cuts import options, policy
from earmark.errors import ConfigError, ModelMissingError, StoppedError
from earmark.journal import Journal
from earmark.model import ISSUE, PRODUCT, Record, Sender, Usage, Window
from earmark.settings import Settings, credentials
from earmark.specs import split_spec

if TYPE_CHECKING:
    from earmark.catalog import Entry
    from earmark.findings import Judge
    from earmark.flow import Job, Recut
    from earmark.genesys.session import Session
    from earmark.ports import Extractor, Linker, Scorer, Source, Writer
    from earmark.writers.custom_attributes import CustomAttributesWriter
    from earmark.writers.interactions import InteractionsWriter
    from earmark.writers.participant_data import ParticipantDataWriter


class _Closes(Protocol):
    def close(self) -> None: ...


Closeable = TypeVar("Closeable", bound=_Closes)

FIRST_WINDOW = timedelta(days=7)
WRITERS = {"genesys": "custom_attributes", "interactions": "interactions"}
CONTRACT_MODEL, OWN_MODEL = "en_core_web_sm", "earmark"
NO_MODEL = frozenset({"", "none"})
DEFAULT_REGIONS = {"genesys": "mypurecloud.com", "interactions": "my.genesys.cloud"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one run is asked to cover."""

    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    dry_run: bool = False


@dataclass(slots=True)
class Workshop:
    """Opens what a command needs, once, and closes all of it at the end."""

    settings: Settings
    notice: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)
    _closing: ExitStack = field(default_factory=ExitStack, repr=False)
    _session: Session | None = field(default=None, repr=False)
    _pipeline: Extractor | None = field(default=None, repr=False)
    _catalog: tuple[Entry, ...] | None = field(default=None, repr=False)

    def close(self) -> None:
        self._closing.close()

    def session(self, dialect: str = "genesys") -> Session:
        """The connection to the service, shared by source and writer."""
        if self._session is None:
            from earmark.genesys.session import Credentials, open_session

            client_id, secret = credentials(self.settings)
            region = self.settings.region or DEFAULT_REGIONS[dialect]
            self._session = open_session(
                Credentials(region, client_id, secret),
                max_connections=self.settings.workers,
                retry_pause=self.settings.pace,
                sleep=self.pause,
            )
            self._closing.callback(self._session.close)
        return self._session

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is asked to stop: what is on the wire is answered, nothing more is waited for."""
        if self.stop.wait(seconds):
            raise StoppedError("stopped while waiting for the service")

    def source(self) -> Source:
        """The source that the settings name.

        Raises:
            ConfigError: It is none that exists.
        """
        kind, detail = split_spec(self.settings.source or "", "source")
        if kind == "genesys":
            from earmark.sources.genesys import GenesysSource

            return self._opened(
                GenesysSource(
                    self.session(kind),
                    text=detail or self.settings.text,
                    listing=self.settings.listing,
                    workers=self.settings.workers,
                    now=self.session(kind).now,
                )
            )
        if kind == "interactions":
            from earmark.sources.interactions import InteractionsSource

            return self._opened(
                InteractionsSource(self.session(kind), limit=self.settings.interactions_limit)
            )
        from earmark.sources.files import FilesSource

        return self._opened(FilesSource(detail))

    def writer(self, journal: Journal) -> Writer:
        """The writer that the settings name, or the one that belongs to the source."""
        kind, detail = split_spec(self.settings.writer or self._default_writer(), "writer")
        if kind == "none":
            from earmark.writers.none import NoWriter

            return NoWriter()
        if kind == "files":
            from earmark.writers.files import FilesWriter

            self.refuse_source(Path(detail))
            return self._opened(FilesWriter(Path(detail), self.keys()))
        if kind == "custom_attributes":
            return self._opened(self._custom_attributes(journal))
        return self._opened(self._patching_writer(kind))

    def _custom_attributes(self, journal: Journal) -> CustomAttributesWriter:
        from earmark.writers.custom_attributes import CustomAttributesWriter

        def known(conversation_id: str) -> Record | None:
            return journal.known(writer.target, conversation_id)

        writer = CustomAttributesWriter(
            self.session(),
            schema=self.settings.schema_name,
            keys=self.keys(),
            known=known,
            workers=self.settings.workers,
        )
        return writer

    def _patching_writer(self, kind: str) -> InteractionsWriter | ParticipantDataWriter:
        from earmark.writers.interactions import InteractionsWriter
        from earmark.writers.participant_data import ParticipantDataWriter

        keys, workers = self.keys(), self.settings.workers
        if kind == "interactions":
            return InteractionsWriter(self.session(kind), keys=keys, notice=self.notice, workers=workers)
        return ParticipantDataWriter(self.session(), keys=keys, notice=self.notice, workers=workers)

    def _default_writer(self) -> str:
        kind, _ = split_spec(self.settings.source or "", "source")
        return WRITERS.get(kind, "none")

    def refuse_source(self, path: Path) -> None:
        """See that what is written to `path` neither replaces the source nor becomes part of it.

        Raises:
            ConfigError: It would.
        """
        kind, detail = split_spec(self.settings.source or "", "source")
        source = Path(detail).resolve()
        if kind == "files" and path.resolve() == source:
            raise ConfigError("the writer would overwrite the source file", hint="name another file")
        if kind == "files" and source.is_dir() and path.resolve().parent == source:
            raise ConfigError(f"{path} would become part of the source folder", hint="name another folder")

    def _opened(self, adapter: Closeable) -> Closeable:
        self._closing.callback(adapter.close)
        return adapter

    def extractor(self) -> Extractor:
        """The extraction pipeline, opened once."""
        if self._pipeline is None:
            self._pipeline = self._opened_pipeline()
        return self._pipeline

    def _opened_pipeline(self) -> Extractor:
        """Model, catalog and rules as configured; Earmark's own model by default.

        The interactions contract names another; where none is chosen and that one is not installed,
        Earmark's own does the work, and the user is told.
        """
        chosen = self.settings.model
        if chosen is not None:
            return self._extractor(None if chosen.strip().lower() in NO_MODEL else chosen)
        if split_spec(self.settings.source or "genesys", "source")[0] != "interactions":
            return self._extractor(OWN_MODEL)
        try:
            return self._extractor(CONTRACT_MODEL)
        except ModelMissingError as error:
            self.notice(f"{error}; going on with Earmark's own model ({error.hint})")
            return self._extractor(OWN_MODEL)

    def _extractor(self, model: str | None) -> Extractor:
        from earmark.extract import DEFAULT_LABEL_MAP, ExtractConfig, open_extractor

        extractor = open_extractor(
            ExtractConfig(
                model=model,
                label_map=self.settings.label_map or DEFAULT_LABEL_MAP,
                entries=self.catalog(),
                use_rules=self.settings.rules,
                senders=senders(self.settings.senders),
            )
        )
        if model is None and not self.settings.catalog:
            issues = (
                "nothing will be found"
                if self.settings.rules is False
                else "issues will be found, products will not"
            )
            self.notice(f"no catalog and no model: {issues} (see --catalog)")
        for warning in extractor.warnings:
            self.notice(f"warning: {warning}")
        return extractor

    def setup_schema(self) -> str:
        """Create or extend the conversation schema; returns its id."""
        from earmark.genesys.schema import setup_schema

        return setup_schema(self.session(), self.settings.schema_name, self.keys())

    def keys(self) -> dict[str, str]:
        """Label → attribute name."""
        return {PRODUCT: self.settings.products_key, ISSUE: self.settings.issues_key}

    def judge(self) -> Judge:
        """What decides about the mentions that are found."""
        from earmark.findings import Judge

        linkers = self.linkers()
        scorer = self.scorer(linkers)
        return Judge(linkers, scorer, policy(self.settings, scorer.facts))

    def linkers(self) -> tuple[Linker, ...]:
        """Who names what is found, in this order."""
        from earmark.catalog.linker import CatalogLinker
        from earmark.taxonomy import IssueNamer, load_taxonomy

        return (CatalogLinker(self.catalog()), IssueNamer(load_taxonomy(self.settings.issue_types)))

    def catalog(self) -> tuple[Entry, ...]:
        """The entries of all catalogs, read once for those who find and those who link.

        Raises:
            CatalogError: A file cannot be used; says which line.
        """
        if self._catalog is None:
            from earmark.catalog import load_catalogs

            self._catalog = load_catalogs(self.settings.catalog)
        return self._catalog

    def scorer(self, linkers: tuple[Linker, ...]) -> Scorer:
        """The confidence: calibrated where there is a calibration for the model, unless another is chosen.

        Raises:
            ConfigError: It is none that exists, or its calibration was made for another model.
        """
        chosen = self.settings.scorer
        if chosen not in {None, CALIBRATED}:
            return open_scorer(chosen)
        from earmark.calibrate import packaged, read_calibration, running

        now = running(self.extractor(), linkers)
        path = self.settings.calibration
        known = read_calibration(path) if path else packaged(now["model_hash"])
        if known:
            return CalibratedScorer(known, now)
        if chosen:
            raise ConfigError(
                f"there is no calibration for the model {now['model']}",
                hint="make one with `earmark calibrate` and name it with --calibration",
            )
        return EvidenceScorer()

    def job(self, journal: Journal, asked: Asked) -> Job:
        """Everything a run needs, ready to go."""
        from earmark.flow import Job

        source = self.source()
        writer = self.writer(journal)
        judge = self.judge()
        return Job(
            source=source,
            extractor=self.extractor(),
            judge=judge,
            writer=writer,
            journal=journal,
            window=self.window(
                asked, journal.watermark(source.name, writer.name), lambda: self.session().now()
            ),
            limit=asked.limit,
            dry_run=asked.dry_run,
            patience=self.settings.patience,
            workers=self.settings.workers,
            pace=self.settings.pace,
            options=options(self.settings, judge.policy, asked.limit),
            stop=self.stop,
        )

    def recut(self, journal: Journal, earlier: str, *, dry_run: bool) -> Recut:
        """What it takes to judge again what a run found, under the cuts of these settings."""
        from earmark.flow import Recut

        cuts = policy(self.settings, journal.facts(earlier).confidence)
        return Recut(
            earlier=earlier,
            policy=cuts,
            writer=self.writer(journal),
            journal=journal,
            dry_run=dry_run,
            workers=self.settings.workers,
            pace=self.settings.pace,
            options=options(self.settings, cuts, None),
            requests=self.requests,
            stop=self.stop,
        )

    def requests(self) -> Usage:
        """What the service was asked so far."""
        return Usage() if self._session is None else self._session.usage()

    def window(
        self, asked: Asked, last: datetime | None, now: Callable[[], datetime] | None = None
    ) -> Window:
        """The window asked for; where a start is missing, a run goes on from the last complete one.

        It ends by the service's time, `now`: what a wrong clock here let it skip, no later run would look for.
        """
        if split_spec(self.settings.source or "", "source")[0] != "genesys":
            return Window(asked.since, asked.until)
        from earmark.genesys.listing import SETTLING, utc_now

        latest = (now or utc_now)() - SETTLING
        until = min(asked.until or latest, latest)
        resumed = last - timedelta(hours=self.settings.overlap_hours) if last else until - FIRST_WINDOW
        since = asked.since or resumed
        if since >= until:
            raise ConfigError("the window is empty: --since is not before --until")
        return Window(since, until)


@contextmanager
def workshop(settings: Settings, notice: Callable[[str], None]) -> Iterator[Workshop]:
    """A workshop that is closed when the block ends."""
    opened = Workshop(settings, notice)
    try:
        yield opened
    finally:
        opened.close()


def senders(names: list[str]) -> frozenset[Sender]:
    try:
        return frozenset(Sender(name) for name in names)
    except ValueError:
        known = ", ".join(sender.value for sender in Sender)
        raise ConfigError("senders names somebody unknown", hint=f"known are: {known}") from None
