"""The pictures in ``docs/images`` of what 2024 shows: the screen, the gate page, the report's page. ``make pictures``.

A run with and one without corrections in a home of its own, then each taken by chromium as a person sees it. What does
not belong here: pictures of the Dagster UI, which are taken by hand, and the document's, which are pages of its PDF.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from orchestration.base.settings import ROOT

IMAGES = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
LETTERS = 110  # of a line of the screen
SCREEN = """<meta charset="utf-8"><style>{{stylesheet}} body {{{{ margin: 0; background: #fff }}}}
pre {{{{ width: 1000px; margin: 0; padding: 22px; white-space: pre-wrap;
font: 17px/1.55 "Noto Sans Mono CJK SC", monospace }}}}
</style><pre>{{code}}</pre>""".format()


def ledgergate(home: Path, *arguments: str) -> str:
    """What a call prints on a screen, as it was typed; with what it exits where that is not 0."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli.main", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"LEDGERGATE_HOME": str(home), "FORCE_COLOR": "1", "COLUMNS": str(LETTERS)},
    )  # fmt: skip
    said = done.stdout.replace(f"{home}/", "data/").replace(f"{ROOT}/", "")
    code = f"$ echo $?\n{done.returncode}\n" if done.returncode else ""
    return f"\x1b[2m$ ledgergate {' '.join(arguments)}\x1b[0m\n{said}{code}"


def keep(picture: bytes, name: str) -> None:
    """In as many colours as a page of text needs: a third of the bytes."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(64).save(IMAGES / f"{name}.png", optimize=True)


def of_the_screen(browser: Browser, text: str, name: str) -> None:
    console = Console(record=True, width=LETTERS, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(Text.from_ansi(text), soft_wrap=True)
    page = browser.new_page(viewport={"width": 1400, "height": 800})
    page.set_content(console.export_html(theme=DEFAULT_TERMINAL_THEME, code_format=SCREEN))
    keep(page.locator("pre").screenshot(), name)
    page.close()


def of_a_page(browser: Browser, file: Path, name: str, width: int, height: int) -> None:
    """The first ``height`` points of a page, in a window this wide."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(file.as_uri())
    page.wait_for_timeout(1500)  # its charts
    keep(page.screenshot(), name)
    page.close()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ledgergate-pictures-") as folder, sync_playwright() as playwright:
        home = Path(folder)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        of_the_screen(browser, ledgergate(home, "run", "2024"), "summary")
        of_the_screen(browser, ledgergate(home, "run", "2024", "--as-published"), "summary-as-published")
        ledgergate(home, "report", "2024", "--edition", "both")
        of_a_page(browser, home / "build" / "2024-as-published" / "gates.html", "gates", 1200, 2500)
        of_a_page(browser, next(home.glob("reports/**/report.html")), "report-page", 1280, 1800)
        browser.close()


if __name__ == "__main__":
    main()
