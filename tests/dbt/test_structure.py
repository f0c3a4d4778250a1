"""The shape of the lineage, by the rules in which dbt-project-evaluator puts dbt's own practice: they are run here on
the manifest, since the package itself would be models in the lineage. What is meant otherwise stands here with its
reason; a reason that nothing needs any more fails too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from orchestration.warehouse import models

#: From the bottom up; a model reads from its own layer and those before it.
LAYERS = ("staging", "intermediate", "marts", "scores", "reconciliation")
PREFIXES = {"staging": "stg_", "intermediate": "int_"}
MOST_READERS = 3  # leaves that hang on one model

_LANDED = "landing types and names these tables: a model that only passes one on would be a step more and say nothing"
_READ_BY_PYTHON = "read by the gates and by localisation, not by a model"
_WRITTEN_AFTER = "written after the models, for gates and readers"
MEANT: dict[str, dict[str, str]] = {
    "staging alone reads sources": dict.fromkeys(
        (
            "accepted_exception", "cell", "cell_flow", "entry_file", "int_figure", "int_indicator_reported",
            "ledger_source", "narrative", "reconciliation", "rule_judgement", "rule_summary", "rule_term",
        ), _LANDED,
    ),
    "a source has one reader": dict.fromkeys(
        ("raw.accepted_exception", "raw.ledger", "raw.measure", "raw.rule"), _LANDED
    ),
    "a source has a reader": dict.fromkeys(("raw.ledger_column", "raw.entry_place", "raw.bad_line"), _READ_BY_PYTHON)
    | dict.fromkeys(
        (
            "findings.finding", "findings.finding_rule", "findings.suspect_witness", "findings.suspect_cell",
            "findings.suspect_entry",
        ), _WRITTEN_AFTER,
    ),
    "no model reads from above": {"int_rule_cell <- score_summary": "rules judge the scores as they judge any figure"},
    "what is joined is not joined again": {
        f"cell_flow <- {mart} <- int_figure": "cell_flow compares what a mart shows with what it was given"
        for mart in (
            "category_expenditure", "fund_balance", "fund_statement", "project_expenditure", "unit_expenditure",
        )
    },
}  # fmt: skip


@dataclass(frozen=True)
class Lineage:
    """Models with their layer, SQL and parents; sources; both by name."""

    layers: dict[str, str]
    parents: dict[str, tuple[str, ...]]
    code: dict[str, str]
    sources: tuple[str, ...]
    seeds: tuple[str, ...] = ()

    def readers(self, name: str) -> list[str]:
        return [model for model, parents in self.parents.items() if name in parents]


def lineage_of(manifest: dict[str, Any]) -> Lineage:
    def name(unique_id: str) -> str:
        return unique_id.split(".", 2)[2]

    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return Lineage(
        {node["name"]: node["fqn"][1] for node in nodes},
        {node["name"]: tuple(map(name, node["depends_on"]["nodes"])) for node in nodes},
        {node["name"]: node["raw_code"] for node in nodes},
        tuple(map(name, manifest["sources"])),
        tuple(node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "seed"),
    )


def no_parent(it: Lineage) -> Iterator[str]:
    yield from (model for model, parents in it.parents.items() if not parents)


def sources_elsewhere(it: Lineage) -> Iterator[str]:
    for model, parents in it.parents.items():
        if it.layers[model] != "staging" and set(parents) & set(it.sources):
            yield model


def many_readers_of_a_source(it: Lineage) -> Iterator[str]:
    yield from (source for source in it.sources if len(it.readers(source)) > 1)


def no_reader(it: Lineage) -> Iterator[str]:
    yield from (source for source in (*it.sources, *it.seeds) if not it.readers(source))


def staging_on_models(it: Lineage) -> Iterator[str]:
    for model, parents in it.parents.items():
        if it.layers[model] == "staging" and set(parents) & set(it.parents):
            yield model


def from_above(it: Lineage) -> Iterator[str]:
    for model, parents in it.parents.items():
        for parent in parents:
            if parent in it.layers and LAYERS.index(it.layers[parent]) > LAYERS.index(it.layers[model]):
                yield f"{model} <- {parent}"


def joined_again(it: Lineage) -> Iterator[str]:
    for middle, above in it.parents.items():
        for low in set(above) & set(it.parents):
            readers = it.readers(middle)
            if len(readers) == 1 and low in it.parents[readers[0]]:
                yield f"{readers[0]} <- {middle} <- {low}"


def wrong_prefix(it: Lineage) -> Iterator[str]:
    for model, layer in it.layers.items():
        prefix = next((prefix for prefix in PREFIXES.values() if model.startswith(prefix)), "")
        if prefix != PREFIXES.get(layer, ""):
            yield model


def written_out(it: Lineage) -> Iterator[str]:
    """A table named in full, past ``ref`` and ``source``: dbt would not see it."""
    yield from (model for model, code in it.code.items() if re.search(r"\b(?:from|join)\s+\w+\.\w+", code, re.I))


def many_leaves(it: Lineage) -> Iterator[str]:
    for model in it.parents:
        if sum(not it.readers(reader) for reader in it.readers(model)) > MOST_READERS:
            yield model


RULES: dict[str, Callable[[Lineage], Iterator[str]]] = {
    "a model has a parent": no_parent,
    "staging alone reads sources": sources_elsewhere,
    "a source has one reader": many_readers_of_a_source,
    "a source has a reader": no_reader,
    "staging reads no model": staging_on_models,
    "no model reads from above": from_above,
    "what is joined is not joined again": joined_again,
    "a name says its layer": wrong_prefix,
    "no table is named past ref and source": written_out,
    "few leaves hang on one model": many_leaves,
}


@pytest.fixture(scope="module")
def lineage() -> Lineage:
    return lineage_of(json.loads(models.parse().read_text(encoding="utf-8")))


@pytest.mark.parametrize("rule", RULES)
def test_the_lineage_keeps_to_the_rule_but_where_it_is_meant_otherwise(lineage: Lineage, rule: str) -> None:
    assert set(RULES[rule](lineage)) == set(MEANT.get(rule, {}))


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("a model has a parent", {"alone"}),
        ("staging alone reads sources", {"mart"}),
        ("a source has one reader", {"raw.a"}),
        ("a source has a reader", {"raw.b", "words"}),
        ("staging reads no model", {"stg_b"}),
        ("no model reads from above", {"stg_b <- mart"}),
        ("what is joined is not joined again", {"top <- mid <- stg_a"}),
        ("a name says its layer", {"mid"}),
        ("no table is named past ref and source", {"mart"}),
        ("few leaves hang on one model", {"top"}),
    ],
)
def test_each_rule_finds_what_it_is_for(rule: str, found: set[str]) -> None:
    leaves = {f"leaf_{n}": "marts" for n in range(4)}
    wrong = Lineage(
        {"stg_a": "staging", "stg_b": "staging", "mid": "intermediate", "mart": "marts", "top": "marts",
         "alone": "marts", **leaves},
        {"stg_a": ("raw.a",), "stg_b": ("mart",), "mid": ("stg_a",), "top": ("mid", "stg_a"), "mart": ("raw.a",),
         "alone": (), **dict.fromkeys(leaves, ("top",))},
        {"mart": "select * from raw.a"},
        ("raw.a", "raw.b"),
        ("words",),
    )  # fmt: skip
    assert set(RULES[rule](wrong)) == found
