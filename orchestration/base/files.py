"""Opening what people put in (regular files only, of a stated size, and text without characters that hide), and writing
what others read: beside its place, then renamed; and locks that go with the process that holds them.

A folder, a pipe, a socket, a device, a loop of links or a hole of 3 GB in place of a file is one ``InputError``, and
never a wait. What stands in a file belongs to its reader.
"""

from __future__ import annotations

import fcntl
import glob
import os
import secrets
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from orchestration.base.problems import InputError, Problem

#: Bytes of a ledger, a workbook or a list beside them. (Files of single entries have no bound: they are never held.)
MOST_BYTES = 256 * 2**20
_KINDS = {
    stat.S_IFDIR: "文件夹", stat.S_IFIFO: "管道", stat.S_IFSOCK: "套接字", stat.S_IFCHR: "设备", stat.S_IFBLK: "设备",
}  # fmt: skip
#: Tabs and line ends are text; so is what Excel leaves behind and names lose anyway (a zero-width space, a byte mark).
_PLAIN = frozenset("\t\n\r\u200b\ufeff")
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINING = frozenset("\u200c\u200d\u2060\u180e\ufffe\uffff")


def is_there(path: Path) -> bool:
    """Whether something of this name is there, readable or not: a dangling link is, and is told when it is read."""
    return os.path.lexists(path)


def open_regular(path: Path, name: str = "") -> BufferedReader:
    """A regular file, or what a link leads to, for reading. ``name`` is what messages call it. Never blocks.

    Raises ``InputError`` where it is anything else, or can't be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(path, name, _why(path, error)) from None
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise _unreadable(path, name, _KINDS.get(kind, "不是文件"))
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, name: str = "", most: int = MOST_BYTES) -> bytes:
    """The content of a regular file of at most ``most`` bytes. Raises ``InputError`` otherwise."""
    with open_regular(path, name) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise _unreadable(path, name, f"{size} 字节", f"不超过 {most} 字节的文件")
        try:
            return file.read(most)
        except OSError as error:
            raise _unreadable(path, name, error.strerror or type(error).__name__) from None


def hidden_character(text: str) -> str:
    """The first character that a reader can't see or that turns others round, by its code point; empty where none is.

    Such a name looks like another one, or can't be written into a report at all.
    """
    for character in text:
        if character.isprintable() or character in _PLAIN:
            continue
        if character in _TURNING or character in _JOINING or unicodedata.category(character) in ("Cc", "Cs"):
            return f"U+{ord(character):04X}"
    return ""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to. What stands there at the end takes the place of ``path`` in one step and is
    on disk; where the body raises, nothing has changed and nothing is left.
    """
    draft = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield draft
        sync(draft)
        draft.replace(path)
        sync(path.parent)
    finally:
        sweep(path.parent, draft.name)


def write_whole(path: Path, content: bytes | str, mode: int = 0o644) -> None:
    """Write a file in one step: a reader sees the old content or the new one."""
    with replacing(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        draft.chmod(mode)


def sweep(folder: Path, name: str) -> None:
    """Remove drafts, and what databases keep beside them. Of other processes: only for who holds the lock that their
    writers hold, or a living one's goes too. ``name``: the draft's, or how ``replacing`` begins those of one file.
    """
    for path in folder.glob(f"{glob.escape(name)}*"):
        path.unlink(missing_ok=True)


def drafts_of(path: Path) -> str:
    """How the names of all drafts of a file begin."""
    return f".{path.name}-"


def sync(path: Path) -> None:
    """Have the disk hold a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, wait: bool = True, on_wait: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Hold a lock, made with its folder where it is not there; the kernel takes it back from a process that dies.
    Yields whether it was got, which without ``wait`` it may not be. ``on_wait`` hears that another one holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield True


def _why(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "指向不存在的文件的链接" if is_there(path) else "没有这个文件"
    return getattr(error, "strerror", None) or str(error)


def _unreadable(path: Path, name: str, found: str, expected: str = "可读的普通文件") -> InputError:
    return InputError([Problem(name or str(path), "", "", found, expected)])
