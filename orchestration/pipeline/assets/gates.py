"""The gates as an asset with a blocking check each. What a gate expects belongs in ``expectations/suites``."""

import warnings
from collections.abc import Iterator

import dagster as dg

from expectations.gate import GateResult, Suite
from expectations.suites.year import SUITES
from orchestration.alerting import events
from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.partitions import DEPARTMENT_YEARS
from orchestration.pipeline.resources import Workspace
from orchestration.publication.gates import failed, run_gates
from orchestration.warehouse.glimpse import markdown
from orchestration.warehouse.ledger_tables import published_tables

GATES = dg.AssetKey(["gates"])


def gate_assets(tables: list[str]) -> dg.AssetsDefinition:
    """Judge the year's build. Publication waits for it, and looks its results up again itself."""
    specs = [_check(suite) for suite in SUITES]

    @dg.asset(
        key=GATES,
        deps=[dg.AssetKey([table]) for table in [*tables, "cell_flow"]],
        check_specs=specs,
        partitions_def=DEPARTMENT_YEARS,
        group_name="gates",
        kinds={"greatexpectations"},
        owners=[DATA_TEAM],
        description="关卡：单元格、进出、勾稽、评分都成立，才能发布。结果属于它所判断的那份内容。",
    )
    def gates(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        workspace, year = workspace.at(context.partition_key)
        build = workspace.build(year)
        workspace.watcher.step("过关卡", len(SUITES))
        results = run_gates(
            build, published_tables(build), on_gate=lambda result: workspace.watcher.advance(result.title)
        )
        stopping = failed(results)
        if stopping and all(result.status != "crashed" for result in stopping):  # a check that broke has not judged
            workspace.settle(build.year, build.inputs, "blocked")
        if not workspace.as_published:
            with build.opened():
                events.gates_judged(workspace.run(build.year, context.run.run_id), build, results)
        yield dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.url(workspace.settings.page_url(build.year, "gates")),
                "file": dg.MetadataValue.path(str(build.folder / "gates.html")),
                "gates": dg.MetadataValue.md(markdown([_verdict(result) for result in results])),
            }
        )
        for result in results:
            yield check_result(result)

    return gates


def _check(suite: Suite) -> dg.AssetCheckSpec:
    """A gate as a check with a result for each year: without, a year that passes would hide one that failed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*partitions_def.*", dg.PreviewWarning)  # no other way tells years apart
        return dg.AssetCheckSpec(
            suite.name,
            asset=GATES,
            description=f"{suite.title}：{suite.protects}",
            blocking=suite.severity == "error",
            partitions_def=DEPARTMENT_YEARS,
        )


def check_result(result: GateResult) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue] = {
        "looked_at": dg.MetadataValue.int(result.looked_at),
        "expected": dg.MetadataValue.md("\n".join(f"- {line}" for line in result.expected)),
    }
    if result.rows:
        metadata["failing"] = dg.MetadataValue.int(result.failing)
        metadata["rows"] = dg.MetadataValue.md(markdown([_shown(row) for row in result.rows]))
    if result.crash:
        metadata["crash"] = dg.MetadataValue.text(result.crash)
    verdict = {
        "passed": "通过",
        "failed": f"{result.failing} 行不符",
        "crashed": "检查本身出错",
        "not_judged": "未核对",
    }[result.status]
    return dg.AssetCheckResult(
        passed=result.passed,
        check_name=result.name,
        asset_key=GATES,
        severity=dg.AssetCheckSeverity.ERROR if result.severity == "error" else dg.AssetCheckSeverity.WARN,
        description=f"{result.title}：{verdict}",
        metadata=metadata,
    )


def _shown(row: dict[str, str]) -> dict[str, str]:
    """The cell to look at and what does not hold, where a row has them: the UI's window has room for no more, and every
    column is on the gate's page.
    """
    return {name: row[name] for name in ("疑点", "说明")} if "疑点" in row else row


def _verdict(result: GateResult) -> dict[str, str]:
    word = {"passed": "通过", "failed": "未通过", "crashed": "检查本身出错", "not_judged": "未核对"}[result.status]
    return {"关卡": result.title, "结果": word, "看了（行）": str(result.looked_at), "不符（行）": str(result.failing),
            "保护什么": result.protects}  # fmt: skip
