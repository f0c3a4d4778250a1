"""An asset for each raw ledger, and for what stands beside the ledgers: rules, corrections, last year's cells.

All ledgers are read by one step, so that every bad cell of every file is told at once, and land in one fresh file.
Parsing belongs in ``orchestration.ledgers``, not here.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from expectations.gate import gate_executor
from orchestration.alerting import events
from orchestration.base.locks import LockedError
from orchestration.base.problems import InputError
from orchestration.entries.contract import EntryContract
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.partitions import DEPARTMENT_YEARS
from orchestration.pipeline.resources import Workspace
from orchestration.publication.watch import input_files, scan_inputs
from orchestration.warehouse.build import Inputs, land_inputs, read_inputs
from orchestration.warehouse.glimpse import markdown

#: Where dbt's sources come from, by table of schema ``raw``.
LANDED = {
    "cell": dg.AssetKey(["raw", "cells"]),
    "ledger": dg.AssetKey(["raw", "cells"]),
    "measure": dg.AssetKey(["raw", "cells"]),
    "entry_ledger": dg.AssetKey(["raw", "entries"]),
    "entry_file": dg.AssetKey(["raw", "entries"]),
    "bad_line": dg.AssetKey(["raw", "entries"]),
    "correction": dg.AssetKey(["raw", "corrections"]),
    "accepted_exception": dg.AssetKey(["raw", "corrections"]),
    "narrative": dg.AssetKey(["raw", "narrative"]),
    "prior_cell": dg.AssetKey(["raw", "prior_year"]),
    "rule": dg.AssetKey(["raw", "rules"]),
    "rule_hint": dg.AssetKey(["raw", "rules"]),
    "rule_variant": dg.AssetKey(["raw", "rules"]),
    "rule_selector": dg.AssetKey(["raw", "rules"]),
}


#: The published documents that ledgers were taken from.
DOCUMENTS = dg.AssetKey(["raw", "documents"])


def ledger_key(ledger: str) -> dg.AssetKey:
    return dg.AssetKey(["ledger", ledger])


def ledger_assets(contracts: Mapping[str, Contract], entries: Mapping[str, EntryContract]) -> dg.AssetsDefinition:
    """The step that reads a year: one asset a ledger, printed or of entries, then what is landed for the models."""
    specs = [
        dg.AssetSpec(
            ledger_key(name),
            deps=[DOCUMENTS],
            description=f"{contract.title}：raw/<年>/<部门>/ 的账表，按契约 raw/contracts/{name}.yml 读入。",
            group_name="ledgers",
            kinds={"csv"},
            owners=[f"team:{contract.on_duty}"] if contract.on_duty else [DATA_TEAM],
            metadata={
                "contract": dg.MetadataValue.path(f"raw/contracts/{name}.yml"),
                "on_duty": contract.on_duty or "—",
            },
        )
        for name, contract in contracts.items()
    ]
    specs += [
        dg.AssetSpec(
            ledger_key(name),
            description=f"{contract.title}：sources.yml 里 entries 所列的文件，按契约 raw/contracts/entries/{name}.yml "
            "逐个文件相加；没有明细的年度为空。",
            group_name="ledgers",
            kinds={"csv", "parquet"},
            owners=[f"team:{contract.on_duty}"] if contract.on_duty else [DATA_TEAM],
            metadata={"contract": dg.MetadataValue.path(f"raw/contracts/entries/{name}.yml")},
        )
        for name, contract in entries.items()
    ]
    landed = {
        "cells": ("每个印出的数字：地址、精确的值、印出的精度、出处。", [spec.key for spec in specs]),
        "entries": ("明细的文件各有多少笔、读不出多少行，与哪本印出的账核对。", [ledger_key(name) for name in entries]),
        "rules": ("expectations/rules 的规则，展开为每一项。", [spec.key for spec in specs]),
        "corrections": ("corrections.csv 的更正与 exceptions.csv 的确认，已与账面核对。", [spec.key for spec in specs]),
        "documents": (
            "sources.yml 的 documents 所登记的已公布报告：各本账取自哪一份、哪一节；read --into 由报告写出账时登记。",
            [],
        ),
        "narrative": ("narrative.yml 的文字：只有人能写的部分，数字一律是引用。", []),
        "prior_year": ("上一年度已发布的单元格，供跨年规则核对。", []),
    }
    specs += [
        dg.AssetSpec(
            dg.AssetKey(["raw", name]),
            deps=deps,
            description=text,
            group_name="ledgers",
            kinds={"duckdb"},
            owners=[DATA_TEAM],
        )
        for name, (text, deps) in landed.items()
    ]
    specs.sort(key=lambda spec: spec.key != DOCUMENTS)  # what the ledgers were taken from comes first

    @dg.multi_asset(name="read_ledgers", specs=specs, partitions_def=DEPARTMENT_YEARS, can_subset=True)
    def read_ledgers(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.MaterializeResult[None]]:
        workspace, year = workspace.at(context.partition_key)
        gate_executor()  # the gates' process gets ready on another core meanwhile
        workspace.watcher.step("读入账表", len(specs))
        fingerprint = scan_inputs(workspace.settings, [year]).get(year, "")
        files = input_files(workspace.settings, year)
        try:
            inputs = read_inputs(workspace.settings, year, workspace.as_published, workspace.watcher.advance)
        except LockedError:
            raise
        except InputError as error:
            workspace.settle(year, fingerprint, "refused")
            if not workspace.as_published:
                events.bad_input(workspace.run(year, context.run.run_id), error.problems)
            raise dg.Failure(
                description=str(error),
                metadata={"problems": dg.MetadataValue.md(_problem_table(error))},
                allow_retries=False,
            ) from error
        land_inputs(workspace.build(year), inputs, fingerprint, files)
        for spec in specs:
            if spec.key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=spec.key, metadata=_metadata(spec.key, inputs))
            workspace.watcher.advance(spec.key.path[-1])

    return read_ledgers


def _metadata(key: dg.AssetKey, inputs: Inputs) -> dict[str, dg.MetadataValue]:
    group, name = key.path
    if group == "ledger" and name in inputs.year.ledgers:
        ledger = inputs.year.ledgers[name]
        shown = "\n".join(
            f"| {cell.row_label} | {cell.measure} | {cell.text or '（空）'} | {cell.cell} |"
            for cell in ledger.cells[:12]
        )
        return {
            "dagster/row_count": dg.MetadataValue.int(len(ledger.cells)),
            "file": dg.MetadataValue.text(ledger.source.file),
            "section": dg.MetadataValue.text(ledger.source.section or "—"),
            "document": dg.MetadataValue.text(_title(inputs, ledger.source.document)),
            "sha256": dg.MetadataValue.text(ledger.sha256),
            "totals": dg.MetadataValue.md(_printed_totals(ledger.cells) or "—"),
            "preview": dg.MetadataValue.md(f"| 行 | 栏 | 列示为 | 单元格 |\n|---|---|---|---|\n{shown}"),
        }
    if key == DOCUMENTS:
        return {
            "dagster/row_count": dg.MetadataValue.int(len(inputs.year.sources.documents)),
            "documents": dg.MetadataValue.md(_documents(inputs) or "—"),
        }
    if group == "ledger" and name in {each.contract.entries for each in inputs.entries}:
        return _of_entries(name, inputs)
    counts = {
        "entries": len(inputs.entry_files),
        "cells": len(inputs.year.cells),
        "rules": len(inputs.rulebook.rules),
        "corrections": len(inputs.corrections),
        "narrative": len(inputs.narrative),
        "prior_year": len(inputs.prior),
    }
    return {"dagster/row_count": dg.MetadataValue.int(counts.get(name, 0))}


def _of_entries(name: str, inputs: Inputs) -> dict[str, dg.MetadataValue]:
    rows = [row for row in inputs.entry_files if row["ledger"] == name]
    return {
        "dagster/row_count": dg.MetadataValue.int(sum(row["entries"] for row in rows)),
        "files": dg.MetadataValue.md(
            markdown(
                [
                    {"文件": row["file"], "笔数": str(row["entries"]), "读不出": str(row["bad_lines"]),
                     "合计（元）": str(row["fen"].scaleb(-2))}
                    for row in rows
                ]
            )
        ),
    }  # fmt: skip


def _title(inputs: Inputs, document: str) -> str:
    """What a document is called, by the name that sources.yml gives it."""
    known = inputs.year.sources.documents.get(document)
    return known.title if known else "—"


def _documents(inputs: Inputs) -> str:
    """The documents of a year, with the ledgers that were taken from each and where they stand in it."""
    taken: dict[str, list[str]] = {}
    for ledger in inputs.year.ledgers.values():
        section = f"（{ledger.source.section}）" if ledger.source.section else ""
        taken.setdefault(ledger.source.document, []).append(f"{ledger.contract.short}{section}")
    return markdown(
        [
            {
                "文档": each.title,
                "公布单位": each.publisher,
                "sha256": each.sha256[:12],
                "取自其中的账": "、".join(taken.get(name, [])),
            }
            for name, each in inputs.year.sources.documents.items()
        ]
    )


def _printed_totals(cells: Sequence[Cell]) -> str:
    """The total rows as printed: whether they agree with their rows is for the rules to say."""
    return markdown(
        [
            {
                "合计行": cell.row_label,
                "栏": cell.measure,
                "列示为": f"{cell.text} {cell.printed_unit}".strip(),
                "单元格": cell.cell,
            }
            for cell in cells
            if cell.row_kind == "total"
        ]
    )


def _problem_table(error: InputError) -> str:
    rows = "\n".join(f"| {p.file} | {p.sheet} | {p.cell} | {p.found} | {p.expected} |" for p in error.problems)
    return f"| 文件 | 表 | 单元格 | 读到 | 应为 |\n|---|---|---|---|---|\n{rows}"
