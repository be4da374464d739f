"""The sample's files: the contract of every export, the same bytes every time, references that hold."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sample_support import broken_rows, instants, records, table

from pipeline.contracts import EXPORTS, PROBLEM, QUESTION, THANKS
from pipeline.errors import CannotWrite, UserError
from pipeline.sample import SampleSummary, write_sample
from pipeline.sample.market import CLIMBER_NAME, SLUMPER_NAME
from pipeline.sample.wording import KIND, body_pool

#: Records that must be rejected, by export.
BROKEN = {"reviews": 5, "sales": 4, "messages": 3, "surveys": 1, "carts": 1}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return write_sample(tmp_path_factory.mktemp("small"), scale=0.05)


# The files


def test_there_is_every_export_in_every_format(small: SampleSummary) -> None:
    names = [file.name for file in small.files]
    assert {name.split("/")[0] for name in names} == set(EXPORTS)
    assert {"".join(Path(name).suffixes) for name in names} == {
        ".csv", ".csv.gz", ".csv.zst", ".jsonl", ".parquet", ".xlsx",
    }  # fmt: skip


def test_summary_counts_what_is_there(small: SampleSummary) -> None:
    on_disk = {path.relative_to(small.inbox).as_posix() for path in small.inbox.rglob("*") if path.is_file()}
    assert on_disk == {file.name for file in small.files}
    for file in small.files:
        _, frame, odd = records(small.inbox / file.name)
        assert (file.rows, file.bytes) == (len(frame) + odd, (small.inbox / file.name).stat().st_size), file.name


def test_headers_are_the_contracts(small: SampleSummary) -> None:
    """Every column of the contract, in its order, and nothing else: except what only one kind of file lacks."""
    for file in small.files:
        export = EXPORTS[file.name.split("/")[0]]
        header, _, _ = records(small.inbox / file.name)
        lacking = {"body_hash"}
        assert header == [column.name for column in export.columns if column.name not in lacking], file.name


@pytest.mark.parametrize("export", EXPORTS)
def test_only_the_planted_lines_break_the_contract(small: SampleSummary, export: str) -> None:
    broken = 0
    for file in small.files:
        if file.name.startswith(f"{export}/"):
            _, frame, odd = records(small.inbox / file.name)
            mistakes = odd + int(broken_rows(export, frame).sum())
            # The limit is a hundredth of a file's rows, and never fewer than twenty.
            assert mistakes <= max(20, file.rows // 100)
            broken += mistakes
    assert broken == BROKEN.get(export, 0)


def test_summary_tells_how_many_lines_are_broken(small: SampleSummary) -> None:
    assert small.broken_lines == sum(BROKEN.values())


def test_same_seed_same_bytes_and_other_seed_other_bytes(small: SampleSummary, tmp_path: Path) -> None:
    again = write_sample(tmp_path / "again", scale=0.05)
    other = write_sample(tmp_path / "other", scale=0.05, seed=18)
    digests = [
        {file.name: hashlib.sha256((summary.inbox / file.name).read_bytes()).hexdigest() for file in summary.files}
        for summary in (small, again, other)
    ]
    assert digests[0] == digests[1]
    assert all(digests[0][name] != digest for name, digest in digests[2].items())


def test_modification_time_is_the_export_time(small: SampleSummary) -> None:
    for file in small.files:
        assert datetime.fromtimestamp((small.inbox / file.name).stat().st_mtime, UTC) == file.exported_at
    assert max(file.exported_at for file in small.files) == datetime(2026, 4, 1, 3, 30, tzinfo=UTC)


def test_no_file_knows_what_happened_after_its_export(small: SampleSummary) -> None:
    for file in small.files:
        export = EXPORTS[file.name.split("/")[0]]
        _, frame, _ = records(small.inbox / file.name)
        sound = frame.filter(~broken_rows(export.name, frame))
        exported = file.exported_at.replace(tzinfo=None)
        for column in export.events:
            latest = sound.select(instants(column).dt.offset_by("-2h").max()).item()
            assert latest is None or latest < exported, (file.name, column)


def test_writing_again_replaces_and_a_stranger_stays(tmp_path: Path) -> None:
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "mine.csv").write_text("mine")
    first = write_sample(tmp_path, scale=0.01)
    second = write_sample(tmp_path, scale=0.01)
    assert first == second
    assert (tmp_path / "reviews" / "mine.csv").read_text() == "mine"
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_written_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("a file where the folder should be")
    with pytest.raises(CannotWrite, match="messages"):
        write_sample(tmp_path / "inbox", scale=0.01)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_a_scale_is_positive(tmp_path: Path, scale: float) -> None:
    with pytest.raises(UserError, match="scale"):
        write_sample(tmp_path, scale=scale)
    assert not list(tmp_path.iterdir())


# What the rows refer to


@pytest.mark.parametrize(
    ("export", "column", "target", "key"),
    [
        ("reviews", "order_line_id", "sales", "order_line_id"),
        ("reviews", "order_id", "sales", "order_id"),
        ("reviews", "product_id", "products", "product_id"),
        ("reviews", "seller_id", "sellers", "seller_id"),
        ("messages", "order_id", "sales", "order_id"),
        ("messages", "product_id", "products", "product_id"),
        ("sales", "product_id", "products", "product_id"),
        ("sales", "seller_id", "sellers", "seller_id"),
        ("returns", "order_line_id", "sales", "order_line_id"),
        ("surveys", "order_id", "sales", "order_id"),
        ("carts", "order_id", "sales", "order_id"),
        ("training", "seller_id", "sellers", "seller_id"),
        ("improvements", "seller_id", "sellers", "seller_id"),
        ("improvements", "product_id", "products", "product_id"),
        ("products", "seller_id", "sellers", "seller_id"),
    ],
)
def test_references_are_whole(small: SampleSummary, export: str, column: str, target: str, key: str) -> None:
    named = table(small, export)[column].drop_nulls().unique()
    assert len(named) > 0
    assert named.filter(~named.is_in(table(small, target)[key].unique().to_list())).to_list() == []


def test_a_line_and_what_is_said_of_it_agree(small: SampleSummary) -> None:
    """Seller, product and category are the same wherever a line, a review or a return names them."""
    sales = table(small, "sales")
    products = table(small, "products").select("product_id", "seller_id", "category")
    joined = sales.join(products, on="product_id", suffix="_listed")
    assert (joined["seller_id"] == joined["seller_id_listed"]).all()
    assert (joined["category"] == joined["category_listed"]).all()
    reviewed = table(small, "reviews").join(sales, on="order_line_id", suffix="_sold")
    assert (reviewed["product_id"] == reviewed["product_id_sold"]).all()
    assert (reviewed["buyer_id"] == reviewed["buyer_id_sold"]).all()
    assert reviewed.select((instants("created_at") > instants("delivered_at")).all()).item()
    back = table(small, "returns").join(sales, on="order_line_id", suffix="_sold")
    assert (back["refund_cents"].cast(pl.Int64) <= back["amount_cents"].cast(pl.Int64)).sum() >= 0.99 * len(back)
    assert (back["qty"].cast(pl.Int64) <= back["qty_sold"].cast(pl.Int64)).all()


def test_improvements_name_reviews_that_exist(small: SampleSummary) -> None:
    asked = table(small, "improvements").filter(pl.col("source") == "customer_feedback")
    named = asked["review_ids"].str.split(";").explode()
    assert named.null_count() == 0
    assert named.is_in(table(small, "reviews")["review_id"].to_list()).all()


def test_deliveries_overlap_and_corrections_change_rows(small: SampleSummary) -> None:
    """Otherwise nothing would ever be superseded."""
    for export, key in (("reviews", "review_id"), ("sales", "order_line_id"), ("messages", "message_id")):
        files = sorted(file.name for file in small.files if file.name.startswith(f"{export}/"))
        keys = [records(small.inbox / name)[1][key].drop_nulls() for name in files]
        assert pl.concat(keys).n_unique() < sum(len(column) for column in keys), export
    sales = records(small.inbox / "sales/order-lines-2025-08-to-2026-03.csv.gz")[1]
    corrected = records(small.inbox / "sales/order-lines-correction-2026-04-01.csv")[1]
    changed = corrected.join(sales, on="order_line_id", suffix="_before")
    assert (changed["amount_cents"] != changed["amount_cents_before"]).any()


# What is said in them


def test_thank_you_notes_are_thanks_and_others_are_not() -> None:
    """The exemption's lexicon must know every language that the sample says thanks in."""
    pool = body_pool()
    for language in range(len(pool.first)):
        for kind, exempt in (("thanks", True), ("thanks_problem", False), ("reply", None), ("presale", False)):
            first, size = pool.first[language, KIND[kind]], pool.size[language, KIND[kind]]
            for number in pool.numbers[first : first + size]:
                text = pool.texts[number]
                thanks = re.search(THANKS, text.lower()) and not re.search(PROBLEM, text.lower())
                short = len(text.split()) <= 12 and not re.search(QUESTION, text)
                assert exempt is None or bool(thanks and short) is exempt, text


def test_names_are_short_and_different(small: SampleSummary) -> None:
    sellers = table(small, "sellers")
    assert sellers["name"].n_unique() == len(sellers)
    assert sellers["name"].str.len_chars().max() <= 40
    assert {CLIMBER_NAME, SLUMPER_NAME} < set(sellers["name"])
    assert table(small, "products").select(pl.struct("category", "name").n_unique()).item() == 1500


def test_texts_are_in_several_languages_and_fit_for_awkward_readers(small: SampleSummary) -> None:
    reviews = table(small, "reviews")
    assert reviews["language"].n_unique() == 7
    texts = reviews["text"].drop_nulls()
    assert texts.str.contains("\n").any() and texts.str.contains(",").any()
    assert not texts.str.contains("{", literal=True).any()


def test_conversations_begin_with_people_and_messages_go_to_the_other_side(small: SampleSummary) -> None:
    messages = table(small, "messages").filter(pl.col("sender_id") != pl.col("recipient_id"))
    buyers = messages.filter(pl.col("sender_role") == "buyer")
    assert buyers["sender_id"].str.starts_with("B").all() and buyers["recipient_id"].str.starts_with("S").all()
    assert messages.filter(pl.col("sender_role") == "system")["is_automated"].eq("true").all()
    pairs = messages.filter(pl.col("sender_role").is_in(["buyer", "seller"])).with_columns(
        seller=pl.when(pl.col("sender_role") == "seller").then("sender_id").otherwise("recipient_id")
    )
    assert pairs.group_by("conversation_id").agg(pl.col("seller").n_unique())["seller"].max() == 1
