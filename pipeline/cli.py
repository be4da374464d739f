"""The `scmr17` command: what a person types, and what they read.

What belongs here: arguments, exit codes, and words. Everything else is done by the modules that the commands call.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from pipeline import periods
from pipeline.errors import UserError
from pipeline.progress import progress
from pipeline.settings import DataFolder, default_data_folder, load_office

EXIT_CODES = """
Exit codes: 0 done · 64 a mistake in what was typed · 65 data refused, nothing published · 66 nothing delivered for this
· 69 a library or font is missing · 70 a bug of ours · 73 cannot write · 75 busy, try again · 78 bad configuration
"""

app = typer.Typer(
    name="scmr17",
    help="From a marketplace's exports to its monthly report, every number provable.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

targets_app = typer.Typer(no_args_is_help=True)
app.add_typer(targets_app, name="targets", help="Propose what the office could set itself.")

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The office's data directory. Default: SCMR17_DATA, or ./data."),
]


@app.command()
def demo(data: Data = None) -> None:
    """Make the sample marketplace, take it in, compute every figure and print its last complete month, quarter and
    week.

    Everything lies in ./data/demo unless --data says otherwise.
    """
    from pipeline.status import last_complete

    folder = _prepared(data or Path("data/demo"))
    _write_sample(folder, 17, 1.0)
    _run(folder)
    for period_type in ("quarter", "week"):
        period = last_complete(folder, period_type)
        if period:
            _report(folder, period)


@app.command()
def sample(
    data: Data = None,
    seed: Annotated[int, typer.Option(help="Another seed is another marketplace.")] = 17,
    scale: Annotated[float, typer.Option(min=0.01, max=100, help="1 is about half a million messages.")] = 1.0,
) -> None:
    """Write a believable marketplace's exports of 18 months into the inbox, the same for everybody."""
    _write_sample(_prepared(data), seed, scale)


@app.command()
def load(
    folder: Annotated[Path | None, typer.Argument(help="The folder of a platform's files.", show_default=False)] = None,
    platform: Annotated[str, typer.Option(help="Whose files they are, for example olist.")] = "",
    data: Data = None,
) -> None:
    """Take in new exports from the inbox, or a platform's files from FOLDER, and compute nothing yet.

    For example: [bold]scmr17 load --platform olist ../olist --data data/olist[/bold]
    """
    from pipeline.intake.adapters import office_settings

    if bool(platform) != bool(folder):
        raise UserError("a platform's files need both: scmr17 load --platform NAME FOLDER")
    where = DataFolder(data) if data else default_data_folder()
    where.prepare(office_settings=office_settings(platform) if platform else None)
    _take_in(where, platform, folder)


@app.command()
def run(
    data: Data = None,
    as_of: Annotated[
        str, typer.Option(metavar="WHEN", help="Look from this local day or ISO time, not from the deliveries' end.")
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Compute every period again.")] = False,
) -> None:
    """Take in what is new, compute what it touches, publish, and print the last complete month.

    The same as the nightly and the monthly job; doing it twice changes nothing.
    """
    _run(_prepared(data), as_of=as_of, full=full)


@app.command()
def report(
    period: Annotated[str, typer.Argument(help="A week, month or quarter, such as 2026-W09, 2026-02 or 2026-Q1.")],
    data: Data = None,
) -> None:
    """Print a period's report from the published figures."""
    _report(_prepared(data), period)


@app.command()
def statement(
    seller: Annotated[str, typer.Argument(help="The seller's id.")],
    period: Annotated[str, typer.Argument(help="A month or a quarter, such as 2026-02 or 2026-Q1.")],
    data: Data = None,
) -> None:
    """Print one seller's royalty statement and scorecard from the published figures."""
    from pipeline.reporting import issued_edition
    from pipeline.statements.bulk import write_statements

    folder = _prepared(data)
    office = load_office(folder)
    asked = periods.parse(period, office.fiscal_year_start_month)
    into = folder.reports / asked.id / "statements"
    is_draft = issued_edition(office, asked, folder.reports) is None
    print(*write_statements(folder.published, office, asked, into, seller=seller, is_draft=is_draft).files)


@app.command()
def issue(
    period: Annotated[str, typer.Argument(help="A week, month or quarter that is over, such as 2026-02.")],
    data: Data = None,
) -> None:
    """Issue a period's report: no draft any more, kept as an edition that nothing writes over.

    What changes afterwards is told in the next one, with the old figure and the new.
    """
    _report(_prepared(data), period, issue=True)


@app.command()
def metrics(
    word: Annotated[str, typer.Argument(help="Only metrics that speak of it, such as response.")] = "",
    data: Data = None,
) -> None:
    """List the catalogue: every metric's id, meaning, unit, source and target."""
    from pipeline.listing import metrics_listed

    _say(metrics_listed(_prepared(data), word))


@app.command()
def explain(
    metric: Annotated[str, typer.Argument(help="An id of the catalogue, such as review_response_48h.")],
    period: Annotated[str, typer.Argument(help="2026-02, 2026-Q1 or 2026-W09.")],
    seller: Annotated[str, typer.Option(help="For one seller instead of the whole marketplace.")] = "",
    data: Data = None,
) -> None:
    """Show where a figure comes from: its value, its SQL, the tables and files behind it, and the rows it does not
    see."""
    from pipeline.explaining import explanation

    folder = _prepared(data)
    _say(explanation(folder, load_office(folder), metric, period, seller))


@app.command()
def status(data: Data = None) -> None:
    """Show what has been taken in, how far it reaches, and what is published."""
    from pipeline.status import status_of

    folder = _prepared(data)
    _say(status_of(folder, load_office(folder)))


@targets_app.command()
def propose(
    quarter: Annotated[str, typer.Argument(help="The quarter to propose for, such as 2026-Q2.")],
    data: Data = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there, not into the reports.")] = None,
) -> None:
    """Write targets proposed for a quarter, with the evidence, as a file to sign; nothing comes into force by it.

    To set one, copy its first nine columns into config/targets.csv, name the owner and run again.
    """
    from pipeline.proposing import propose_targets

    folder = _prepared(data)
    made = propose_targets(folder, load_office(folder), quarter, output)
    _say(made.shown)
    progress("wrote the proposals" if made.is_new else "the proposals have not changed")
    print(made.path)


def _say(what: RenderableType) -> None:
    """Print for a person: as wide as the terminal, and wide enough for file names where there is none."""
    Console(width=None if sys.stdout.isatty() else 120).print(what, highlight=False, soft_wrap=True)


def _prepared(data: Path | None) -> DataFolder:
    folder = DataFolder(data) if data else default_data_folder()
    folder.prepare()
    return folder


def _write_sample(folder: DataFolder, seed: int, scale: float) -> None:
    from pipeline.sample import write_sample

    progress("making the sample marketplace")
    made = write_sample(folder.inbox, seed=seed, scale=scale)
    rows = sum(file.rows for file in made.files)
    progress(f"wrote {len(made.files)} exports, {rows:,} rows, to {folder.inbox}")


def _take_in(folder: DataFolder, platform: str, source: Path | None) -> None:
    from pipeline.running import run_job
    from pipeline.status import deliveries_since, newest_file

    before = newest_file(folder)
    config = {"platform": platform, "folder": str(source.resolve())} if source else {}
    run_job(folder, "load", run_config={"ops": {"intake": {"config": config}}})
    _say(deliveries_since(folder, before))


def _run(folder: DataFolder, *, as_of: str = "", full: bool = False) -> None:
    if as_of:
        from pipeline.planning import parse_instant

        parse_instant(as_of, load_office(folder))  # a mistake is told before Dagster has loaded

    from pipeline.running import run_job
    from pipeline.status import deliveries_since, last_complete, newest_file

    before = newest_file(folder)
    run_job(folder, "nightly", run_config={"ops": {"plan__periods": {"config": {"as_of": as_of, "full": full}}}})
    _say(deliveries_since(folder, before))
    print(folder.published / "metrics.parquet")
    print(folder.published / "scmr17.duckdb")
    month = last_complete(folder, "month")
    if month is None:
        progress("no month is complete yet; no report was printed")
    else:
        _report(folder, month)


def _report(folder: DataFolder, period_id: str, *, issue: bool = False) -> None:
    from pipeline.status import require_published

    period = periods.parse(period_id, load_office(folder).fiscal_year_start_month)
    require_published(folder, period)

    from assets.automation import partition_key  # Dagster takes its time; a mistake is told before
    from pipeline.running import run_job

    job = {"week": "weekly", "month": "monthly", "quarter": "quarterly"}[period.type]
    config = {"ops": {f"reports__{job}": {"config": {"issue": issue}}}}
    result = run_job(folder, job, partition_key=partition_key(period), run_config=config)
    for event in result.get_asset_materialization_events():
        for name, entry in event.materialization.metadata.items():
            if name in ("pdf", "html", "xlsx", "statements", "index"):
                print(entry.value)


def main() -> None:
    """Run the command; end with the exit code that operators expect."""
    try:
        app()
    except SystemExit as stop:
        sys.exit(UserError.exit_code if stop.code == 2 else stop.code)
    except UserError as error:
        print(f"scmr17: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("scmr17: stopped; the last published figures stand", file=sys.stderr)
        sys.exit(75)
    except Exception as error:
        print(f"scmr17: a bug of ours: {type(error).__name__}: {error}", file=sys.stderr)
        print("Please report it with the lines below. Nothing half-made was published.", file=sys.stderr)
        sys.excepthook(*sys.exc_info())
        sys.exit(70)


if __name__ == "__main__":
    main()
