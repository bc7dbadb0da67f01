"""Settings: which value wins, where it came from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.errors import ConfigError, MissingSettingError
from earmark.settings import credentials, explain, load


def origin(name: str, **flags: object) -> tuple[object, str]:
    found = next(item for item in explain(load(**flags), **flags) if item.name == name)
    return found.value, found.origin


def test_flags_win_over_the_environment_and_that_over_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert origin("workers") == (8, "default")
    Path("earmark.toml").write_text("workers = 1\n")
    assert origin("workers") == (1, "earmark.toml")
    Path(".env").write_text("EARMARK_WORKERS=2\n")
    assert origin("workers") == (2, ".env")
    monkeypatch.setenv("EARMARK_WORKERS", "3")
    assert origin("workers") == (3, "environment EARMARK_WORKERS")
    assert origin("workers", workers=4) == (4, "flag")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("treshold = 0.9", "treshold"),
        ("[confidence]\nthreshold = 0.9", "confidence"),
        ("threshold = 1.5", r"threshold \(from earmark.toml\)"),
        ("[thresholds]\nISSUE = 1.5", r"thresholds.ISSUE \(from earmark.toml\)"),
        ("[thresholds]\nISSUE = nan", r"thresholds.ISSUE \(from earmark.toml\)"),
        ("threshold = ", "cannot be read"),
    ],
)
def test_what_a_file_gets_wrong_is_named(toml: str, said: str) -> None:
    Path("earmark.toml").write_text(toml)
    with pytest.raises(ConfigError, match=said):
        load()


def test_the_vendors_names_are_settings_too(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("earmark.toml").write_text('GENESYSCLOUD_REGION = "eu_west_1"\n')
    Path(".env").write_text("GENESYS_CLIENT_ID=one\nSOMETHING_ELSE=2\n")
    monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_SECRET", "hush")
    settings = load()
    assert settings.region == "eu_west_1"
    assert credentials(settings) == ("one", "hush")
    assert origin("client_secret") == ("********", "environment GENESYSCLOUD_OAUTHCLIENT_SECRET")


def test_a_missing_secret_says_everywhere_it_was_looked_for() -> None:
    with pytest.raises(MissingSettingError) as caught:
        credentials(load(client_id="one"))
    assert "no client_secret" in str(caught.value)
    assert "GENESYSCLOUD_OAUTHCLIENT_SECRET or GENESYS_CLIENT_SECRET" in (caught.value.hint or "")


def test_no_error_quotes_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_CLIENT_SECRET", "hush")
    monkeypatch.setenv("EARMARK_WORKERS", "many")
    with pytest.raises(ConfigError) as caught:
        load()
    assert "workers (from environment EARMARK_WORKERS)" in str(caught.value)
    assert "hush" not in str(caught.value)
