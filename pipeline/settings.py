"""Where an office's state lies, and what the office has configured.

What belongs here: the data directory's layout, and `config/*.toml` read into frozen, checked values. Targets are read
by `pipeline.targets`, royalty rules by `pipeline.analyses.royalties`; nothing here opens the warehouse.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.brand import logo_url, readable
from pipeline.contracts import EXPORTS
from pipeline.errors import BadConfiguration, CannotWrite
from pipeline.locales import notation_of

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_CONFIG = PROJECT / "data" / "config"
ADAPTERS = PROJECT / "sql" / "adapters"


@dataclass(frozen=True)
class DataFolder:
    """One office's state: everything that a run reads or writes lies below `root`, so that two offices never meet."""

    root: Path

    config: Path = field(init=False)
    inbox: Path = field(init=False)
    landing: Path = field(init=False)
    staging: Path = field(init=False)
    warehouse: Path = field(init=False)
    published: Path = field(init=False)
    reports: Path = field(init=False)
    secrets: Path = field(init=False)
    dagster: Path = field(init=False)

    def __post_init__(self) -> None:
        root = self.root.expanduser().resolve()
        object.__setattr__(self, "root", root)
        for name in ("config", "inbox", "landing", "staging", "published", "reports", "secrets", "dagster"):
            object.__setattr__(self, name, root / name)
        object.__setattr__(self, "warehouse", root / "warehouse.duckdb")

    @property
    def is_new(self) -> bool:
        return not self.config.exists()

    @property
    def settled_config(self) -> Path:
        """The folder that configuration is read from: the office's own or, before there is one, the defaults."""
        return DEFAULT_CONFIG if self.is_new else self.config

    def prepare(self, *, office_settings: dict[str, Any] | None = None) -> None:
        """Make the folders and, in a new data directory, the configuration.

        `office_settings` replace lines of the default `office.toml` (a platform's time zone and currency) when the
        directory is new; an office that is already configured keeps what it says.

        Raises CannotWrite.
        """
        try:
            for folder in (self.landing, self.staging, self.published, self.reports, self.dagster):
                folder.mkdir(parents=True, exist_ok=True)
            for export in EXPORTS:
                (self.inbox / export).mkdir(parents=True, exist_ok=True)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
            self.config.mkdir(exist_ok=True)
            for default in sorted(DEFAULT_CONFIG.iterdir()):
                if (self.config / default.name).exists():
                    continue
                text = default.read_text(encoding="utf-8")
                if default.name == "office.toml" and office_settings:
                    text = _with_settings(text, office_settings)
                (self.config / default.name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotWrite(
                f"{error.filename or self.root}: {error.strerror}: the data directory must be writable"
            ) from None

    def sweep(self) -> None:
        """Remove what a killed run left in staging."""
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir(parents=True, exist_ok=True)


def _with_settings(text: str, settings: dict[str, Any]) -> str:
    """The text of a TOML file with top-level values replaced, comments kept. Values are strings or numbers."""
    lines = []
    for line in text.splitlines():
        name = line.partition("=")[0].strip()
        if name in settings:
            value = settings[name]
            line = f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _known_time_zone(name: str) -> str:
    if name and name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone such as Africa/Johannesburg")
    return name


def _known_locale(name: str) -> str:
    notation_of(name)
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_time_zone)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


T = TypeVar("T", bound=BaseModel)


class Owners(_Settings):
    """Who answers for a family of figures."""

    customers: str = "Customers"
    service: str = "Service"
    messages: str = "Messages"
    sellers: str = "Sellers"
    sales: str = "Sales"
    royalties: str = "Royalties"
    data: str = "Data"


class Office(_Settings):
    """The office that the reports are written for."""

    name: str = "SayPro Online Marketplace Office"
    brand: str = "SayPro"
    code: str = "SCMR-17"
    time_zone: Annotated[TimeZoneName, Field(min_length=1)] = "Africa/Johannesburg"
    currency: str = Field("ZAR", pattern=r"^[A-Z]{3}$")
    fiscal_year_start_month: int = Field(1, ge=1, le=12)
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$"), AfterValidator(readable)] = "#1f4e79"
    locale: Annotated[str, Field(min_length=2, max_length=40), AfterValidator(_known_locale)] = "en"
    #: In `office.toml` a file of the config folder; in an office that is loaded the picture itself, as a data URL.
    logo: str = ""
    owners: Owners = Owners()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def file_stem(self, what: str, period_id: str) -> str:
        """How a period's files are called: `saypro-scmr-17-monthly-2026-03`."""
        code = "".join(letter if letter.isalnum() else "-" for letter in f"{self.brand} {self.code}".lower())
        return f"{code}-{what}-{period_id}"


class Source(_Settings):
    """How one export's files are written."""

    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    time_zone: TimeZoneName = ""
    date_format: Literal["iso", "day_first", "month_first"] = "iso"
    reject_limit: float = Field(0.01, ge=0, le=1)
    columns: dict[str, str] = {}


def load_office(folder: DataFolder) -> Office:
    """Read `config/office.toml`. Raises BadConfiguration naming the file, the key and what is wrong with it."""
    office = checked(Office, read_toml(folder.settled_config / "office.toml"), "office.toml")
    if not office.logo:
        return office
    return office.model_copy(update={"logo": logo_url(folder.settled_config, office.logo)})


def load_sources(folder: DataFolder) -> dict[str, Source]:
    """Read `config/sources.toml`: a Source for every export. Raises BadConfiguration."""
    tables = read_toml(folder.settled_config / "sources.toml")
    default = tables.pop("default", {})
    unknown = sorted(set(tables) - set(EXPORTS))
    if unknown:
        raise BadConfiguration(f"sources.toml: [{unknown[0]}] is not an export; these are: {', '.join(EXPORTS)}")
    return {name: checked(Source, {**default, **tables.get(name, {})}, f"sources.toml [{name}]") for name in EXPORTS}


def read_toml(path: Path, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """A TOML file's values. Raises BadConfiguration when it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=parse_float)
    except FileNotFoundError:
        raise BadConfiguration(f"{path}: not found; copy it from {DEFAULT_CONFIG}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path}: not TOML: {error}") from None


def checked(model: type[T], values: dict[str, Any], where: str) -> T:
    """The values as that model. Raises BadConfiguration naming the place, the key, its value and what is wrong."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadConfiguration(f"{where}: {key} = {first['input']!r}: {first['msg']}") from None


def default_data_folder() -> DataFolder:
    """The data directory that SCMR17_DATA names, or ./data."""
    return DataFolder(Path(os.environ.get("SCMR17_DATA", "data")))
