"""Addresses of other filesystems: known, or said at once."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from orchestration.base.addresses import is_address, resolve_path
from orchestration.base.problems import InputError


def test_paths_are_local_and_addresses_of_known_filesystems_are_not(tmp_path: Path) -> None:
    for path in ("a/b", "://x"):
        assert resolve_path(path, tmp_path) == tmp_path / path
    assert is_address(resolve_path("memory://a/b", tmp_path))


@pytest.mark.parametrize(
    ("address", "found"),
    [("gopher://x/", "没有 gopher 这种文件系统"), ("nowhere://x", "nowhere 所需的程序库没有安装")],
)
def test_a_filesystem_that_nobody_has_is_told(tmp_path: Path, address: str, found: str) -> None:
    fsspec.register_implementation("nowhere", "no_such_library.Nowhere", errtxt="pip install nowhere", clobber=True)
    with pytest.raises(InputError) as error:
        resolve_path(address, tmp_path)
    (problem,) = error.value.problems
    assert problem.file == address and problem.found.startswith(found)
