"""The data directory and the office's configuration."""

import pytest

from pipeline.errors import BadConfiguration, CannotWrite
from pipeline.settings import DataFolder, load_office, load_sources


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    made = DataFolder(tmp_path / "office")
    made.prepare()
    return made


def test_a_new_directory_gets_every_folder_and_the_defaults(folder):
    assert load_office(folder).time_zone == "Africa/Johannesburg"
    assert load_sources(folder)["reviews"].reject_limit == 0.01
    assert (folder.inbox / "subscriptions").is_dir()
    assert folder.secrets.stat().st_mode & 0o777 == 0o700


def test_a_platform_brings_its_settings_to_a_new_directory_only(tmp_path):
    folder = DataFolder(tmp_path / "brazil")
    folder.prepare(office_settings={"time_zone": "America/Sao_Paulo", "currency": "BRL"})
    assert (load_office(folder).currency, load_office(folder).time_zone) == ("BRL", "America/Sao_Paulo")
    folder.prepare(office_settings={"currency": "USD"})
    assert load_office(folder).currency == "BRL"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('time_zone = "Johannesburg"', "office.toml: time_zone = 'Johannesburg'"),
        ('currency = "R"', "office.toml: currency = 'R'"),
        ("fiscal_year_start_month = 13", "fiscal_year_start_month = 13"),
        ('colour = "red"', "colour"),
        ("name = ", "office.toml: not TOML"),
    ],
)
def test_a_mistake_in_the_office_is_named(folder, line, complaint):
    (folder.config / "office.toml").write_text(line + "\n")
    with pytest.raises(BadConfiguration, match=complaint):
        load_office(folder)


def test_an_unknown_export_among_the_sources_is_named(folder):
    (folder.config / "sources.toml").write_text('[review]\ndelimiter = ";"\n')
    with pytest.raises(BadConfiguration, match=r"\[review\] is not an export; these are: reviews"):
        load_sources(folder)


def test_a_source_says_only_what_differs(folder):
    (folder.config / "sources.toml").write_text('[default]\nencoding = "cp1252"\n[reviews]\ndelimiter = ";"\n')
    sources = load_sources(folder)
    assert (sources["reviews"].encoding, sources["reviews"].delimiter) == ("cp1252", ";")
    assert (sources["sales"].encoding, sources["sales"].delimiter) == ("cp1252", ",")


def test_a_path_that_is_a_file_cannot_be_a_data_directory(tmp_path):
    (tmp_path / "office").write_text("")
    with pytest.raises(CannotWrite, match="office"):
        DataFolder(tmp_path / "office").prepare()
