"""Issue phrases: what is marked and how it is named, what is left alone, and what a rules file may not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.errors import CatalogError
from earmark.extract import BUILTIN_RULES
from earmark.extract.rules import RuleFinder, load_rules, parse_rules

FINDER = RuleFinder(parse_rules(load_rules((BUILTIN_RULES,))))


def phrases(text: str) -> list[str]:
    return [text[found.start : found.end].lower() for found in FINDER(text)]


FOUND = [
    ("my kettle won't turn on", "won't turn on", "won't turn on", "issue:not-doing:turn on"),
    ("it wont start since monday", "wont start", "won't start", "issue:not-doing:start"),
    ("the lid does not close properly", "does not close properly", "won't close", "issue:not-doing:close"),
    ("Bluetooth isn't working", "isn't working", "not work", "issue:not-being:work"),
    ("suddenly the app stopped working", "stopped working", "stopped work", "issue:no-longer:work"),
    ("it keeps crashing on me", "keeps crashing on me", "keeps crashing", "issue:keeps-doing:crashing"),
    ("you charged me twice", "charged me twice", "charged twice", "issue:charged-twice"),
    ("i was double-charged", "double-charged", "charged twice", "issue:charged-twice"),
    ("billed 3 times", "billed 3 times", "charged twice", "issue:charged-twice"),
    ("display shows Error 98", "error 98", "error 98", "issue:error-code:98"),
    ("got error code: E-24", "error code: e-24", "error e-24", "issue:error-code:e-24"),
    ("fails with 0x80070643", "0x80070643", "error 0x80070643", "issue:hex-code:0x80070643"),
    ("the parcel never arrived", "never arrived", "not delivered", "issue:not-arrived"),
    ("still hasn't been delivered", "hasn't been delivered", "not delivered", "issue:not-arrived"),
    ("you sent the wrong size", "wrong size", "wrong size", "issue:wrong-goods:size"),
    ("it came cracked", "cracked", "cracked", "issue:damaged:cracked"),
    ("it's out of stock again", "out of stock", "out of stock", "issue:out-of-stock"),
    ("i forgot my password", "forgot my password", "forgot password", "issue:forgot:password"),
    ("lost my credit card", "lost my credit card", "lost", "issue:lost"),
    ("there is no sound", "no sound", "no sound", "issue:no-something:sound"),
    ("no internet connection here", "no internet connection", "no internet", "issue:no-something:internet"),
    (
        "an unauthorised charge of 40",
        "unauthorised charge",
        "unauthorised charge",
        "issue:unauthorised-charge",
    ),
    ("can't log in to my account", "can't log in to my account", "can't sign in", "issue:sign-in"),
    ("cant export invoices", "cant export invoices", "can't export", "issue:unable:export"),
    ("I am unable to reset it", "unable to reset it", "can't reset", "issue:unable:reset"),
    ("only a black screen", "black screen", "black screen", "issue:screen:black"),
    ("stuck at 27 percent", "stuck at 27", "stuck", "issue:stuck"),
]


@pytest.mark.parametrize(("text", "phrase", "name", "identity"), FOUND, ids=[row[0] for row in FOUND])
def test_phrases_with_their_canonical_names(text: str, phrase: str, name: str, identity: str) -> None:
    found = {(text[f.start : f.end].lower(), f.name, f.canonical_id) for f in FINDER(text)}
    assert (phrase, name, identity) in found


@pytest.mark.parametrize(
    "text",
    [
        "no problem at all",
        "it is not broken",
        "nothing is missing",
        "the screen isn't cracked",
        "it never crashes",
        "I want to return an item",
        "please change my address",
        "can I get a refund?",
        "what if it is damaged in the post",
        "does the insurance cover broken screens",
        "I need an update",
        "this is ridiculous",
        "there was an issue",
        "I have a problem",
        "can't wait to try it",
        "we can't promise a date",
        "Are you getting a specific error message?",
        "do you see an error",
        "please do not open the box",
        "thanks, it works now",
        "terror 98 is a film",
        "I like the cracker",
        "order 98 came on time",
        "",
    ],
)
def test_requests_questions_and_negations_are_no_issues(text: str) -> None:
    assert phrases(text) == []


def test_codes_that_mean_the_same_share_one_name() -> None:
    names = {
        found.name for text in ("won't power on", "won't switch on", "wont turn on") for found in FINDER(text)
    }
    assert names == {"won't turn on"}


def test_every_rule_carries_its_measured_precision() -> None:
    (found,) = FINDER("it is out of stock")
    assert 0.5 < found.evidence["rule"] <= 1.0


HEAD = '[precision]\nf = 0.8\n[words]\nw = "x"\n'
RULE = '[[rule]]\nid = "a"\nfamily = "f"\nname = "n"\npattern = "p"\n'
BAD = {
    "not TOML": ("[[rule", "not a rules file"),
    "no name": (HEAD + RULE.replace('name = "n"\n', ""), "rule 'a' has no name"),
    "unknown key": (HEAD + RULE + "colour = 1\n", "rule 'a' has an unknown key 'colour'"),
    "unknown family": (HEAD + RULE.replace('"f"', '"g"'), "the family 'g' has no entry under [precision]"),
    "bad expression": (HEAD + RULE.replace('"p"', '"("'), "rule 'a': the pattern cannot be used"),
    "unknown word": (HEAD + RULE.replace('"p"', '"<y>"'), "rule 'a': the pattern cannot be used"),
    "name without code": (HEAD + RULE.replace('"n"', '"{code}"'), "no group of that name"),
    "unknown context": (HEAD + RULE + 'unless = ["z"]\n', "names the unknown context 'z'"),
    "wrong type": (HEAD + RULE + 'tail = "3"\n', "rule 'a': tail is not of the type int"),
    "word in itself": (HEAD.replace('"x"', '"<w>"') + RULE.replace('"p"', '"<w>"'), "<w> stands for itself"),
    "word in itself twice": (
        HEAD.replace('"x"', '"<w><w>"') + RULE.replace('"p"', '"<w>"'),
        "stands for itself",
    ),
    "bad context": (HEAD + '[context]\nz = ["("]\n' + RULE, "the context 'z' cannot be used"),
    "id twice": (HEAD + RULE + RULE, "the rule id 'a' is used twice"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_a_bad_rules_file_says_which_rule(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(CatalogError) as caught:
        load_rules((path,))
    assert message in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_own_rules_may_build_on_the_words_of_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "[precision]\nmine = 0.9\n"
        '[[rule]]\nid = "brew"\nfamily = "mine"\nname = "no coffee"\npattern = "<cant> brew"\n'
    )
    finder = RuleFinder(parse_rules(load_rules((BUILTIN_RULES, path))))
    assert "issue:brew" in {found.canonical_id for found in finder("it can't brew")}
