"""What a killed run leaves of a share."""

from __future__ import annotations

from pathlib import Path

from orchestration.base.files import locked
from orchestration.base.settings import SHARE, WAREHOUSE
from orchestration.warehouse.shares import give_share


def test_a_new_share_takes_away_what_a_killed_run_has_left_of_the_one_before(tmp_path: Path) -> None:
    drafts = [tmp_path / f".{WAREHOUSE}-123-ab", tmp_path / f".{WAREHOUSE}-123-ab.wal"]
    for draft in drafts:
        draft.touch()
    with locked(tmp_path / f".{SHARE}.lock"):  # somebody is making it
        give_share(tmp_path, tmp_path / "shared.duckdb")
        assert all(draft.exists() for draft in drafts)
    give_share(tmp_path, tmp_path / "shared.duckdb")
    assert not any(draft.exists() for draft in drafts) and (tmp_path / SHARE).read_text() == f"{tmp_path}/shared.duckdb"
