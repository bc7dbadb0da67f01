"""JSON that another parser would read in another way is not read at all, and no error quotes it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.genesys.strict_json import DEEPEST, parse

CANARY = "canary-of-the-document"
REFUSED = {
    "a repeated key": f'{{"a": "{CANARY}", "a": 1}}',
    "a repeated key deep inside": f'[{{"b": {{"{CANARY}": 1, "{CANARY}": 2}}}}]',
    "NaN": f'["{CANARY}", NaN]',
    "an infinity": f'["{CANARY}", Infinity]',
    "a negative infinity": f'["{CANARY}", -Infinity]',
    "1e400": f'["{CANARY}", 1e400]',
    "10^400 as an integer": f'["{CANARY}", 1{"0" * 400}]',
    "10^5000 as an integer": f'["{CANARY}", 1{"0" * 5000}]',
    "more than 63 bits": f'["{CANARY}", {2**63}]',
    "less than 63 bits": f'["{CANARY}", {-(2**63) - 1}]',
    "a byte order mark": f'\ufeff["{CANARY}"]',
    "lists 100,000 deep": "[" * 100_000 + f'"{CANARY}"' + "]" * 100_000,
    "objects 100,000 deep": '{"a":' * 100_000 + f'"{CANARY}"' + "}" * 100_000,
    "lists just too deep": "[" * (DEEPEST + 1) + f'"{CANARY}"' + "]" * (DEEPEST + 1),
    "objects just too deep": '{"a":' * (DEEPEST + 1) + f'"{CANARY}"' + "}" * (DEEPEST + 1),
    "a cut": f'{{"a": "{CANARY}',
    "two documents": f'["{CANARY}"] []',
    "single quotes": f"['{CANARY}']",
    "a trailing comma": f'["{CANARY}",]',
    "a comment": f'["{CANARY}"] // x',
    "a bare word": CANARY,
    "a control character": f'["{CANARY}\n"]',
    "a wrong escape": f'["{CANARY}\\q"]',
    "a hexadecimal number": "[0x10]",
    "a leading zero": "[01]",
    "nothing": "",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_strict_json_is_a_value_error_that_quotes_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse(text)
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_what_is_written_is_read(document: Any) -> None:
    assert parse(json.dumps(document)) == document


def test_what_is_as_deep_as_may_be_is_read() -> None:
    assert json.dumps(parse("[" * DEEPEST + "]" * DEEPEST))


@pytest.mark.parametrize("text", ["[" + "[]," * 300_000 + "[]]", "[" + "1," * 600_000 + "1]"])
def test_what_is_wide_is_read_in_time(text: str) -> None:
    started = time.monotonic()
    assert parse(text)
    assert time.monotonic() - started < 3
