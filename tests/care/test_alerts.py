"""The rules for Prometheus: each expression parses, and each figure in it is one that a real appliance shows."""

import re
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.stack import CHECKOUT, Stack

FILE = CHECKOUT / "ops" / "monitoring" / "alerts.yaml"
DURATION = re.compile(r"\d+[smhd]")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(Path(FILE).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def selected(node: Any) -> set[str]:
    """The names of all figures in a parsed expression."""
    names = {node.name} if isinstance(node, promql_parser.VectorSelector) else set()
    below = [getattr(node, name, None) for name in ("lhs", "rhs", "expr", "vector_selector")]
    below += list(getattr(node, "args", None) or ())
    return names.union(*(selected(one) for one in below if isinstance(one, promql_parser.Expr)))


@pytest.mark.pure
def test_every_rule_is_whole_and_parses() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 10
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("act", "watch"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
        assert DURATION.fullmatch(rule.get("for", "0s")), rule["alert"]
        assert selected(promql_parser.parse(rule["expr"])), rule["alert"]


@pytest.mark.pure
def test_the_parser_refuses_what_is_no_expression() -> None:
    with pytest.raises(ValueError, match=r"\S"):
        promql_parser.parse("max by (lane darkroom_oldest_waiting_seconds) > 3600")


def test_every_figure_in_the_rules_is_shown_by_an_appliance(stack: Stack) -> None:
    """By its name: one that has no value yet (no backup was made) is declared all the same."""
    answer = httpx.get(f"{stack.url}/metrics", headers={"Authorization": f"Bearer {stack.key}"}, timeout=20)
    shown = {family.name for family in text_string_to_metric_families(answer.text)}
    shown |= {sample.name for family in text_string_to_metric_families(answer.text) for sample in family.samples}
    wanted = set().union(*(selected(promql_parser.parse(rule["expr"])) for rule in rules()))
    assert len(wanted) > 15
    assert wanted <= shown
