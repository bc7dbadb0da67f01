"""Every setting, its default, and where its value came from.

Flags win over environment variables, these over `.env`, that over `earmark.toml`, and that over the
default. A variable is the setting's name in capitals after `EARMARK_`; the Genesys credentials have the
vendor's names as well.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from earmark.errors import ConfigError, MissingSettingError

TOML = Path("earmark.toml")
DOTENV = Path(".env")

Confidence = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseSettings):
    """What a run can be told. Field descriptions are the reference that `docs/configuration.md` prints."""

    model_config = SettingsConfigDict(
        env_prefix="EARMARK_",
        env_file=DOTENV,
        toml_file=TOML,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
    )

    source: str | None = Field(
        None, description="where conversations come from: genesys, interactions, files:PATH"
    )
    writer: str | None = Field(
        None,
        description="where attributes go: custom_attributes, participant_data, interactions, files:PATH",
    )
    journal: Path = Field(Path(".earmark/journal.db"), description="the journal file")

    region: str | None = Field(
        None,
        validation_alias=AliasChoices("GENESYSCLOUD_REGION", "GENESYS_REGION_HOST"),
        description="Genesys Cloud region: a name (eu_central_1), a domain (mypurecloud.de), an address",
    )
    client_id: str | None = Field(
        None,
        validation_alias=AliasChoices("GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYS_CLIENT_ID"),
        description="OAuth client id (client credentials grant)",
    )
    client_secret: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYS_CLIENT_SECRET"),
        description="OAuth client secret",
    )
    text: Literal["recordings", "batch", "messages", "transcripts"] = Field(
        "recordings", description="how texts are fetched from Genesys Cloud"
    )
    listing: Literal["auto", "query", "job"] = Field(
        "auto",
        description="how conversations are listed: query (recent), job (back-fill), auto (by the window)",
    )
    schema_name: str = Field("Earmark", description="title or id of the conversation schema to write under")
    products_key: str = Field("extracted_products", description="attribute that takes the products")
    issues_key: str = Field("extracted_issues", description="attribute that takes the issues")
    interactions_limit: int = Field(100, ge=1, le=1000, description="page size of the interactions contract")

    model: str | None = Field(
        None, description="a spaCy pipeline by name or path; none: catalog and rules only; else Earmark's own"
    )
    label_map: dict[str, str] | None = Field(None, description="the model's labels → PRODUCT or ISSUE")
    catalog: Annotated[list[Path], NoDecode] = Field([], description="catalog files (CSV or pattern JSONL)")
    rules: bool | None = Field(
        None,
        description="whether the built-in rules find issues; unless told, beside Earmark's own model they only name",
    )
    issue_types: Annotated[list[Path], NoDecode] = Field(
        [], description="files that add issue types, or change ours (TOML)"
    )
    senders: Annotated[list[str], NoDecode] = Field(
        ["customer", "agent"], description="whose messages are read"
    )

    scorer: str | None = Field(
        None,
        description="how a confidence is made: calibrated, evidence, heuristic; "
        "unless told, calibrated where the model has a calibration",
    )
    calibration: Path | None = Field(
        None, description="a calibration file of `earmark calibrate`; else the one that came with the model"
    )
    threshold: Confidence | None = Field(
        None,
        description="entities from this confidence on are kept; unless told, as the scorer recommends, else from 0.7",
    )
    thresholds: dict[str, Confidence] = Field({}, description="thresholds of single labels, over `threshold`")
    review: Confidence = Field(
        0.3, description="entities from this confidence up to the threshold are left for review"
    )
    reviews: dict[str, Confidence] = Field({}, description="review cuts of single labels, over `review`")

    workers: int = Field(8, ge=1, le=64, description="requests in flight at once")
    patience: float = Field(
        60.0, ge=0, description="seconds a run waits, at its end, for texts that are not ready"
    )
    pace: float = Field(1.0, ge=0, le=10, description="scales the pauses between attempts (for rehearsals)")
    overlap_hours: float = Field(
        24.0, ge=0, description="how far a run without --since goes back behind the last"
    )

    @field_validator("catalog", "issue_types", "senders", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Lists may be written with commas in the environment."""
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting as it is in force. `value` is masked where it is secret."""

    name: str
    value: Any
    origin: str
    description: str


def load(**flags: Any) -> Settings:
    """The settings in force; a flag that is None was not given.

    Raises:
        ConfigError: A value is not acceptable, or the file names a setting that does not exist; the message
            says which and where it came from.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        _refuse_unknown()
        return Settings(**given)
    except ValidationError as error:
        raise ConfigError(_complaint(error, given)) from None
    except (ValueError, OSError) as error:
        raise ConfigError(f"the settings cannot be read: {error}", hint=f"see {TOML} and {DOTENV}") from None


def _refuse_unknown() -> None:
    """A misspelt setting in the file would be a setting that does nothing."""
    unknown = [
        key for key in TomlConfigSettingsSource(Settings)() if _field_name(key) not in Settings.model_fields
    ]
    if unknown:
        raise ConfigError(
            f"{TOML} names what is no setting: {', '.join(sorted(unknown))}",
            hint="`earmark config` lists the settings, once these are corrected or removed",
        )


def _complaint(error: ValidationError, flags: dict[str, Any]) -> str:
    where = origins(flags)
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = _field_name(str(problem["loc"][0]))
        path = ".".join(map(str, (name, *problem["loc"][1:])))
        lines.append(f"{path} (from {where.get(name, 'a flag')}): {problem['msg']}")
    return "; ".join(lines)


def explain(settings: Settings, **flags: Any) -> list[Origin]:
    """Each setting with its value and its origin, secrets masked."""
    where = origins({name: value for name, value in flags.items() if value is not None})
    return [
        Origin(name, _shown(getattr(settings, name)), where.get(name, "default"), about.description or "")
        for name, about in Settings.model_fields.items()
    ]


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, Path):
        return str(value)
    return [_shown(item) for item in value] if isinstance(value, list) else value


def origins(flags: dict[str, Any]) -> dict[str, str]:
    """Setting → where its value comes from, for those that have one that is no default."""
    found: dict[str, str] = {}
    sources: list[tuple[str, PydanticBaseSettingsSource]] = [
        (str(TOML), TomlConfigSettingsSource(Settings)),
        (str(DOTENV), DotEnvSettingsSource(Settings)),
        ("environment", EnvSettingsSource(Settings)),
        ("flag", InitSettingsSource(Settings, init_kwargs=flags)),
    ]
    for place, source in sources:
        for key in source():
            name = _field_name(key)
            found[name] = f"{place} {_variable(name)}" if place == "environment" else place
    return found


def _field_name(key: str) -> str:
    return next((name for name in Settings.model_fields if key in (name, *_variables(name))), key)


def _variables(name: str) -> list[str]:
    alias = Settings.model_fields[name].validation_alias
    vendor = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else []
    return [*vendor, f"EARMARK_{name.upper()}"]


def _variable(name: str) -> str:
    present = {key.upper() for key in os.environ}
    return next((variable for variable in _variables(name) if variable in present), "")


def credentials(settings: Settings) -> tuple[str, str]:
    """Client id and secret.

    Raises:
        MissingSettingError: One of them has no value; says everywhere it was looked for.
    """
    missing = [name for name in ("client_id", "client_secret") if getattr(settings, name) is None]
    if settings.client_id is None or settings.client_secret is None:
        looked = "; ".join(f"{name}: {' or '.join(_variables(name))}" for name in missing)
        raise MissingSettingError(
            f"no {' and no '.join(missing)}",
            hint=f"set them in the environment, in {DOTENV} or in {TOML} ({looked})",
        )
    return settings.client_id, settings.client_secret.get_secret_value()
