"""What the office settles: the file shows every policy, and a mistake in it is named."""

import re

import pytest

from pipeline.errors import BadConfiguration
from pipeline.policies import Policies, load_policies
from pipeline.settings import DEFAULT_CONFIG


def test_the_default_file_shows_every_policy_with_its_default_and_meaning():
    text = (DEFAULT_CONFIG / "policy.toml").read_text(encoding="utf-8")
    shown = {name: float(value) for name, value in re.findall(r"^# (\w+) = (\S+)$", text, re.MULTILINE)}
    assert shown == {name: field.default for name, field in Policies.model_fields.items()}
    words = " ".join(text.replace("#", " ").split())
    assert [name for name, field in Policies.model_fields.items() if field.description not in words] == []
    assert load_policies(DEFAULT_CONFIG) == Policies()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("cart_converted_within_hours = 0", "policy.toml: cart_converted_within_hours = 0: .*greater than 0"),
        ('cart_converted_within_hours = "a day"', "cart_converted_within_hours = 'a day'"),
        ("carts_converted_within_hours = 24", "policy.toml: carts_converted_within_hours = 24: .*not permitted"),
        ("cart_converted_within_hours", "policy.toml: not TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path, line, complaint):
    (tmp_path / "policy.toml").write_text(line + "\n")
    with pytest.raises(BadConfiguration, match=complaint):
        load_policies(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadConfiguration, match=r"policy\.toml: not found"):
        load_policies(tmp_path)
