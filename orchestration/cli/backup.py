"""The commands about backups, ``ledgergate backup save`` and ``restore``: thin, like ``cli``, which registers them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.base.settings import Settings
from orchestration.cli.terminal import BAD_INPUT, err, out

backup = typer.Typer(no_args_is_help=True, help="Save an installation to one file, or bring it back.")


def register(app: typer.Typer) -> None:
    app.add_typer(backup, name="backup")
    backup.command(epilog="Example:  ledgergate backup save /var/backups/ledgergate")(save)
    backup.command(
        epilog="Example:  LEDGERGATE_HOME=/srv/new LEDGERGATE_RAW=/srv/raw "
        "ledgergate backup restore ledgergate-20251122T023000Z.tar.gz"
    )(restore)


def save(folder: Annotated[Path, typer.Argument(help="Where backups are kept.", show_default=False)]) -> None:
    """Pack what can't be made again into FOLDER: published versions, ledgers, alerts, run records. Stops nothing."""
    from orchestration.publication import backup as archive

    try:
        path = archive.save(Settings.from_environment(), folder)
    except archive.BackupError as error:
        err.print(f"[red]没有备份[/]  {error}")
        raise typer.Exit(BAD_INPUT) from None
    out.print(path, style="")


def restore(
    file: Annotated[Path, typer.Argument(help="A .tar.gz that `backup save` has written.", show_default=False)],
) -> None:
    """Bring a backup back, where LEDGERGATE_HOME and LEDGERGATE_RAW are empty. A damaged one is refused whole."""
    from orchestration.publication import backup as archive

    settings = Settings.from_environment()
    try:
        names = archive.restore(settings, file)
    except archive.BackupError as error:
        err.print(f"[red]没有恢复[/]  {error}")
        raise typer.Exit(BAD_INPUT) from None
    out.print(f"[green]已恢复[/]  {len(names)} 个文件，到 {settings.home} 与 {settings.raw}")
    if archive.DUMP in names:
        dump = settings.home / Path(archive.DUMP).name
        out.print(f"运行记录  pg_restore --clean --if-exists --no-owner -d 数据库 {dump}")
