"""A writer that sends the whole record and those that send our keys alone leave the same behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.attributes import inverse, same
from earmark.genesys.schema import setup_schema
from earmark.genesys.session import Credentials, Session, open_session
from earmark.model import ISSUE, PRODUCT, Change, Json, Listing
from earmark.ports import Writer
from earmark.sandbox import Sandbox
from earmark.writers.custom_attributes import CustomAttributesWriter
from earmark.writers.files import FilesWriter
from earmark.writers.interactions import InteractionsWriter

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEYS = {PRODUCT: "extracted_products_tag", ISSUE: "extracted_issues_tag"}
THEIRS = "note_tag"

lists = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=2)
ours = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS.values(), lists))
afters = st.lists(st.fixed_dictionaries(dict.fromkeys(KEYS.values(), lists)), min_size=1, max_size=3)
Values = Mapping[str, Json]


class Desk:
    """One sandbox; every trial takes a conversation of its own."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        seeds = [{"id": f"c{n}", "messages": [{"sender": "customer", "text": "x"}]} for n in range(1000)]
        self.sandbox = stack.enter_context(
            Sandbox(seeds, today=date(2026, 3, 2), rate_limit=10**6, clock=NOW.timestamp)
        )
        credentials = Credentials(self.sandbox.url, self.sandbox.client_id, self.sandbox.client_secret)
        session: Session = stack.enter_context(open_session(credentials, retry_pause=0.0))
        setup_schema(session, "Earmark", {"THEIRS": "note"})
        self._ids = iter(self.sandbox.state.chats)
        self.whole = CustomAttributesWriter(session)
        self.parts = InteractionsWriter(session, keys=KEYS)
        self.lines = FilesWriter(folder / "out.jsonl", KEYS)
        stack.callback(self.lines.close)
        for writer in (self.whole, self.parts, self.lines):
            writer.prepare()

    def listing(self) -> Listing:
        return Listing(next(self._ids))

    def give(self, writer: Writer, listing: Listing, values: Values) -> None:
        """Let the record hold these values, ours and others'."""
        mine = {key: value for key, value in values.items() if key != THEIRS}
        writer.apply(Change(listing.id, {}, mine, writer.read(listing)))
        if THEIRS not in values:
            return
        others: dict[str, Json] = {THEIRS: values[THEIRS]}
        if writer is self.whole:
            self.sandbox.edit_as_other(listing.id, others, record=self.whole.record_id(listing.id))
        elif writer is self.parts:
            self.sandbox.edit_as_other(listing.id, others, store="interactions")
        else:  # a file has no second writer: what is there was there before
            writer.apply(Change(listing.id, {}, others, writer.read(listing)))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(stack, tmp_path_factory.mktemp("files"))


def effect(writer: Writer, listing: Listing, after: Values) -> Change:
    """Write, as the flow would, and return what was written."""
    record = writer.read(listing)
    before = {key: record.values[key] for key in KEYS.values() if key in record.values}
    change = Change(listing.id, before, after, record)
    known = writer.apply(change)
    assert known.values == writer.read(listing).values, "what a writer says it left is what is there"
    return change


@settings(max_examples=40)
@given(ours, st.booleans(), afters)
def test_the_whole_record_and_our_keys_alone_have_the_same_effect(
    desk: Desk, held: Values, shared: bool, changes: list[dict[str, Json]]
) -> None:
    """Through any changes and back: the same values of ours at every step, and others' as they were."""
    listing = desk.listing()
    start: dict[str, Json] = {**held, THEIRS: ["theirs"]} if shared else dict(held)
    writers: tuple[Writer, ...] = (desk.whole, desk.parts, desk.lines)
    for writer in writers:
        desk.give(writer, listing, start)
    made: list[list[Change]] = []
    for after in changes:
        made.append([effect(writer, listing, after) for writer in writers])
        agree(writers, listing, start | after)
    for step, earlier in zip(reversed(made), [*reversed(changes[:-1]), held], strict=True):
        for writer, change in zip(writers, step, strict=True):
            take_back(writer, listing, change)
        agree(writers, listing, {THEIRS: start.get(THEIRS)} | dict(earlier))


def agree(writers: tuple[Writer, ...], listing: Listing, wanted: Values) -> None:
    for writer in writers:
        assert same(writer.read(listing).values, wanted), writer.name


def take_back(writer: Writer, listing: Listing, change: Change) -> None:
    now = writer.read(listing)
    back, overtaken = inverse(change, now, created=False, deletes_keys=writer.deletes_keys)
    assert overtaken == ()
    if back is not None:
        writer.apply(back)
