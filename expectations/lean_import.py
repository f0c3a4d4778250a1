"""Importing Great Expectations without what no gate of ours uses: a quarter of the time. Knows no gate.

It imports drawing, statistics and the clients of engines wherever they are installed. Gates look at small frames with
a few plain expectations, so drawing and statistics are loaded at first use (by Python's own lazy loader: an expectation
that does use them works as ever), and the engines count as not installed, which it knows how to live with.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec
from types import ModuleType

#: Loaded at first use.
LATER = ("scipy.stats", "altair")
#: Engines that no gate asks: a gate looks at what was read out of the build.
ABSENT = ("pyspark", "psycopg2")


class _Later(MetaPathFinder):
    """Finds the modules in ``LATER`` as anybody would, but puts their loading off."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in LATER:
            return None
        sys.meta_path.remove(self)
        try:
            spec = find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def import_great_expectations() -> ModuleType:
    """For a process that does nothing but judge."""
    if "great_expectations" not in sys.modules:
        for name in ABSENT:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # how Python is told that there is none
        sys.meta_path.insert(0, _Later())
    return import_module("great_expectations")
