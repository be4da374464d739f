"""A folder of statements: printed once, kept while nothing changes, never half, and named so that no id can do harm."""

import csv
import hashlib
import os
import signal
import subprocess
import sys
import time

import duckdb
import pytest
from filelock import FileLock
from office_support import scmr17
from royalty_support import MARCH
from statement_support import FIGURES, OFFICE, publish

from pipeline import periods
from pipeline.errors import Busy
from pipeline.settings import PROJECT, DataFolder
from pipeline.statements.bulk import StatementsFailed, write_statements
from pipeline.statements.index import Entry, read_index, write_index
from pipeline.statements.naming import file_stems
from pipeline.statements.workers import FEWEST_FOR_PROCESSES, Job, print_all

PERIOD = periods.parse(MARCH)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish(tmp_path_factory.mktemp("published"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "statements"


def lines(folder):
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        return {row["seller"]: row for row in csv.DictReader(file)}


def write(published, folder, **options):
    return write_statements(published, OFFICE, PERIOD, folder, **options)


def test_all_of_a_period_and_their_index(published, folder):
    made = write(published, folder)
    assert (made.printed, made.kept, len(made.files)) == (len(FIGURES), 0, len(FIGURES))
    found = lines(folder)
    assert list(found) == sorted(FIGURES)
    assert (found["TOP"]["payout"], found["TOP"]["currency"], found["TOP"]["status"]) == ("4000.00", "ZAR", "paid")
    assert {found[who]["status"] for who in ("SMALL", "LATE", "FEW")} == {"held", "overpaid", "nothing"}
    for row in found.values():
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    assert {path.name for path in folder.iterdir()} == {row["file"] for row in found.values()} | {"index.csv", ".lock"}


def test_what_stands_is_kept_and_what_changed_is_printed(published, folder):
    write(published, folder)
    before = (folder / "index.csv").read_bytes()
    assert write(published, folder).kept == len(FIGURES)
    (folder / "TOP.pdf").write_bytes(b"something else")
    (folder / "SMALL.pdf").unlink()
    made = write(published, folder)
    assert (made.printed, made.kept) == (2, len(FIGURES) - 2)
    assert (folder / "index.csv").read_bytes() == before
    assert write(published, folder, is_draft=False).printed == len(FIGURES)


def test_one_seller_and_then_the_rest(published, folder):
    made = write(published, folder, seller="TOP")
    assert [path.name for path in made.files] == ["TOP.pdf"] and list(lines(folder)) == ["TOP"]
    made = write(published, folder)
    assert (made.printed, made.kept) == (len(FIGURES) - 1, 1)
    before = (folder / "index.csv").read_bytes()
    assert write(published, folder, seller="TOP").kept == 1
    assert (folder / "index.csv").read_bytes() == before


def test_who_is_not_of_the_period_any_more_goes(published, folder):
    write(published, folder)
    (folder / "GONE.pdf").write_bytes(b"of an earlier run")
    (folder / "notes.txt").write_text("a person's")
    entries = read_index(folder)
    write_index(folder, [*entries.values(), Entry("GONE", "GONE.pdf"), Entry("x", "../index.csv")])
    write(published, folder)
    assert not (folder / "GONE.pdf").exists() and (folder / "notes.txt").exists()
    assert list(lines(folder)) == sorted(FIGURES)


def test_a_seller_that_fails_does_not_stop_the_others(folder, tmp_path):
    broken = publish(tmp_path / "broken")
    with duckdb.connect(str(broken / "scmr17.duckdb")) as con:
        con.execute("update royalties set payout_cents = payout_cents + 1 where seller_id = 'PLAIN'")
    with pytest.raises(StatementsFailed, match=r"^1 of 8 statements could not be made; 'PLAIN': DoesNotAddUp"):
        write(broken, folder)
    found = lines(folder)
    assert found["PLAIN"]["status"] == "failed" and not (folder / "PLAIN.pdf").exists()
    assert all((folder / row["file"]).exists() for who, row in found.items() if who != "PLAIN")


def test_two_runs_do_not_meet(published, folder):
    folder.mkdir()
    with FileLock(folder / ".lock"), pytest.raises(Busy, match="another run"):
        write(published, folder)


def test_a_killed_run_leaves_whole_files_and_the_next_prints_the_rest(tmp_path):
    """Enough sellers for processes; the run is killed when some are there, and its processes end with it."""
    published = publish(tmp_path / "published", extra=[f"S{number:03}" for number in range(90)])
    folder = tmp_path / "statements"
    code = f"""
from pathlib import Path
from pipeline import periods
from pipeline.settings import Office
from pipeline.statements.bulk import write_statements
if __name__ == "__main__":
    write_statements(Path({str(published)!r}), Office(), periods.parse({MARCH!r}), Path({str(folder)!r}))
"""
    run = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (folder / "index.csv").exists() and run.poll() is None:
        time.sleep(0.01)
    run.kill()
    run.wait()
    deadline = time.monotonic() + 10
    while is_alive(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(run.pid)
    there = {path.name for path in folder.glob("*.pdf") if not path.name.startswith(".")}
    assert there and all(path.read_bytes().rstrip().endswith(b"%%EOF") for path in folder.glob("[!.]*.pdf"))
    known = read_index(folder)
    assert all(entry.sha256 for entry in known.values())
    made = write(published, folder)
    assert made.kept == len(known) and made.printed == len(made.files) - len(known)
    assert not list(folder.glob(".build-*"))


def is_alive(group):
    try:
        os.killpg(group, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return True


def test_a_job_that_ends_its_process_costs_only_itself(tmp_path):
    """Inputs that cannot be sent stand for whatever kills a process: its neighbours are printed all the same."""
    jobs = [Job(f"S{number}", f"S{number}.pdf", {"data": "{}", "title": "t"}) for number in range(FEWEST_FOR_PROCESSES)]
    jobs[3] = Job("S3", "S3.pdf", Deadly())
    done = {printed.seller_id: printed.error for batch in print_all(jobs, tmp_path) for printed in batch}
    assert done.pop("S3") == "printing it ends the process"
    assert len(done) == len(jobs) - 1 and all("TypstError" in error for error in done.values())


class Deadly(dict):
    """Ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (9,)


@pytest.mark.parametrize(
    "seller_ids",
    [
        ["abc", "ABC", "Abc"],
        ["a/b", "a\\b", "a:b", "a b", "a-b"],
        ["..", ".", "", "-", "/", ".hidden", "trailing."],
        ["con", "NUL.txt", "com1", "aux"],
        ["x" * 255, "x" * 254, "é" * 200, "店" * 100],
        ["../../etc/passwd", "index.csv", "=cmd|' /C calc'!A0", "\ud800"],
        ["a/b", "a-b-" + hashlib.sha256(b"a/b").hexdigest()[:20]],
        ["straße", "STRASSE", "ſ", "s"],
    ],
)
def test_file_names_are_safe_and_unlike_on_every_disk(seller_ids):
    stems = file_stems(seller_ids)
    assert len({stem.casefold() for stem in stems.values()}) == len(seller_ids)
    assert file_stems(reversed(seller_ids)) == stems
    for stem in stems.values():
        assert stem.isascii() and 0 < len(f".build-{stem}.pdf") <= 120
        assert not set(stem) & set('/\\:*?"<>| ') and not stem.startswith(".") and not stem.endswith(".")
        assert stem.partition(".")[0].casefold() not in {"con", "prn", "aux", "nul", "com1"}


def test_an_ordinary_id_names_its_file():
    ids = ["S0001", "7f5a3c0e-1111-4222-8333-444455556666", "a.b_c"]
    assert list(file_stems(ids).values()) == ids


def test_an_id_that_is_a_formula_is_inert_in_the_index(tmp_path):
    write_index(tmp_path, [Entry("=1+1", "a.pdf"), Entry("@x", "b.pdf")])
    assert list(lines(tmp_path)) == ["'=1+1", "'@x"]


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"seller,file,payout,currency,status,sha256,inputs\nA\n"]
)
def test_an_index_that_is_not_ours_is_no_index(tmp_path, content):
    (tmp_path / "index.csv").write_bytes(content)
    assert read_index(tmp_path) == {}


def test_the_command(published, tmp_path):
    folder = DataFolder(tmp_path / "office")
    folder.prepare()
    (folder.published / "scmr17.duckdb").write_bytes((published / "scmr17.duckdb").read_bytes())
    done = scmr17("statement", "TOP", MARCH, data=folder.root)
    assert done.stdout.strip() == str(folder.reports / MARCH / "statements" / "TOP.pdf")
    assert "did you mean TOP" in scmr17("statement", "top", MARCH, data=folder.root, expect=64).stderr
