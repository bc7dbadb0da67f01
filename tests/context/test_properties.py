"""Whatever people type, the engine answers: same mentions, same order, cues that lie in the text."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.context import asserted
from earmark.context.clauses import Break, read
from earmark.model import ISSUE, PRODUCT, Assertion, Conversation, Mention, Message, Sender

WORDS = re.findall(
    r"\S+|\n",
    "no not isn’t dont never without if it its that the app crashes crash again still fixed works now thanks but , ."
    " ? ! yes nope last year my old used to worried 👍 \n did you any more i can log in all good is gone away",
)
TEXTS = st.one_of(
    st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join), st.just("")
)
SENDERS = st.sampled_from(list(Sender))


@st.composite
def chats(draw: st.DrawFn) -> tuple[Conversation, list[Mention]]:
    """Conversations of any text with mentions anywhere, overlapping or empty, in any order."""
    said = draw(st.lists(st.tuples(SENDERS, TEXTS), min_size=1, max_size=5))
    messages = tuple(Message(str(i), sender, text) for i, (sender, text) in enumerate(said))
    mentions = []
    for index, label in draw(
        st.lists(st.tuples(st.integers(0, len(messages) - 1), st.sampled_from([ISSUE, PRODUCT])), max_size=5)
    ):
        text = messages[index].text
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, len(text)))
        mentions.append(Mention(index, start, end, text[start:end], label, "test", messages[index].sender))
    return Conversation("c", messages), mentions


@settings(max_examples=250, deadline=None)
@given(chats())
def test_every_text_gets_an_answer(chat: tuple[Conversation, list[Mention]]) -> None:
    """Mentions keep their number, order and place; cues lie in a message and go with every other state."""
    conversation, mentions = chat
    told = asserted(conversation, mentions)
    assert [(m.message_index, m.start, m.end, m.label) for m in told] == [
        (m.message_index, m.start, m.end, m.label) for m in mentions
    ]
    for before, after in zip(mentions, told, strict=True):
        if before.label == PRODUCT:
            assert after is before
        assert (after.cue is None) is (after.assertion is Assertion.PRESENT)
        if after.cue is not None:
            text = conversation.messages[after.cue.message_index].text
            assert 0 <= after.cue.start < after.cue.end <= len(text)


@settings(max_examples=150, deadline=None)
@given(chats())
def test_reading_twice_changes_nothing(chat: tuple[Conversation, list[Mention]]) -> None:
    conversation, mentions = chat
    once = asserted(conversation, mentions)
    assert asserted(conversation, once) == once


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_words_are_slices_of_the_text_as_received(text: str) -> None:
    """Offsets count characters of the text, in order, and each place between words has a break."""
    words = read(text)
    assert len(words.breaks) == len(words.words) + 1
    assert words.breaks[0] >= Break.STOP
    assert words.breaks[-1] is Break.END
    ends = [0, *words.ends]
    for i, (start, end) in enumerate(zip(words.starts, words.ends, strict=True)):
        assert ends[i] <= start < end <= len(text)


def test_long_messages_are_read_in_one_go() -> None:
    """Half a million characters with hundreds of mentions: a quadratic engine would not come back."""
    line = "it is not broken if it works now, but no crash again. "
    text = line * 8000
    message = Message("0", Sender.CUSTOMER, text)
    places = [len(line) * i + line.index("broken") for i in range(500)]
    mentions = [Mention(0, at, at + 6, "broken", ISSUE, "test", Sender.CUSTOMER) for at in places]
    assert len(asserted(Conversation("c", (message,)), mentions)) == 500
