"""The rules of the house that a reader could break without noticing: who may import whom, and how long a file may
grow."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PIPELINE = sorted((PROJECT / "pipeline").rglob("*.py"))
#: The Dagster face of plain modules; everything else in `pipeline/` must do without it.
KNOWS_DAGSTER = {"definitions.py", "resources.py", "running.py"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("path", PIPELINE, ids=lambda p: str(p.relative_to(PROJECT)))
def test_plain_modules_do_not_know_dagster_or_assets(path):
    if path.name not in KNOWS_DAGSTER:
        assert "dagster" not in imports(path)
    if path.name not in {"cli.py"}:
        assert "assets" not in imports(path)


@pytest.mark.parametrize("path", [*PIPELINE, *sorted((PROJECT / "assets").glob("*.py"))], ids=lambda p: p.name)
def test_modules_say_what_belongs_in_them_and_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module opens with what belongs in it"


def test_there_is_no_utils_module():
    assert not list((PROJECT / "pipeline").rglob("util*.py"))
