"""Dagster's view: the jobs, what each tick asks for, and the graph that `dg` shows."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.automation import partition_key, period_before, schedules
from assets.reports import quarterly_partitions
from pipeline.definitions import build
from pipeline.settings import DataFolder

ZONE = "Africa/Johannesburg"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory) -> dg.Definitions:
    return build(DataFolder(tmp_path_factory.mktemp("office")))


@pytest.mark.parametrize(
    ("schedule", "tick", "key"),
    [
        ("weekly_schedule", "2026-03-02T06:00", "2026-02-23"),  # Monday of W10 asks for W09
        ("weekly_schedule", "2025-01-06T06:00", "2024-12-30"),  # a week over the year's end
        ("monthly_schedule", "2026-03-02T06:00", "2026-02"),
        ("monthly_schedule", "2026-01-02T06:00", "2025-12"),
        ("quarterly_schedule", "2026-04-03T06:00", "2026-01-01"),
        ("quarterly_schedule", "2026-01-03T06:00", "2025-10-01"),
    ],
)
def test_a_tick_asks_for_the_period_before_it(definitions, schedule, tick, key):
    """Ticks are asked with times long past, so that one that looked at the wall clock would fail."""
    found = definitions.resolve_schedule_def(schedule)
    at = datetime.fromisoformat(tick).replace(tzinfo=ZoneInfo(ZONE))
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=definitions.get_repository_def()
        )
        run = found.evaluate_tick(context).run_requests[0]
    assert run.partition_key == key
    partitions = definitions.resolve_job_def(found.job_name).partitions_def
    assert partitions.has_partition_key(key)


@pytest.mark.parametrize(
    ("name", "cron"),
    [
        ("nightly_schedule", "0 2 * * *"),
        ("weekly_schedule", "0 6 * * 1"),
        ("monthly_schedule", "0 6 2 * *"),
        ("quarterly_schedule", "0 6 3 1,4,7,10 *"),
    ],
)
def test_schedules_run_by_default_in_the_offices_time_zone(definitions, name, cron):
    schedule = definitions.resolve_schedule_def(name)
    assert schedule.cron_schedule == cron
    assert schedule.execution_timezone == ZONE
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_a_march_fiscal_year_moves_the_quarters():
    cron = next(s.cron_schedule for s in schedules(ZONE, 3) if s.name == "quarterly_schedule")
    assert cron == "0 6 3 3,6,9,12 *"
    period = period_before(datetime(2026, 3, 3, 6), "quarter", 3)
    assert period.id == "2026-Q4"
    assert quarterly_partitions(ZONE, 3).has_partition_key(partition_key(period))


def test_nightly_does_everything_but_the_reports(definitions):
    nightly = {key.path[0] for key in definitions.resolve_job_def("nightly").asset_layer.executable_asset_keys}
    assert nightly == {"raw", "plan", "core", "metrics", "published"}


def test_every_asset_is_described_and_every_model_has_a_blocking_grain_check(definitions):
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert graph.get(key).description, key
        assert graph.get(key).group_name == key.path[0]
        if key.path[0] in ("core", "metrics"):
            check = graph.get_check_spec(dg.AssetCheckKey(key, "grain"))
            assert check.blocking
