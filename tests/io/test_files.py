"""No name ever holds half a file, and damage is one sentence."""

import ast
import errno
import os
import subprocess
import time
from pathlib import Path

import pytest

import goalsplice
from goalsplice.io.errors import StudyError
from goalsplice.io.files import check_times, decoding, replacing


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text("old")

    def write():
        with replacing(path) as aside:
            aside.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_appears_whole_with_its_folders(tmp_path):
    path = tmp_path / "new" / "table.txt"
    with replacing(path) as aside:
        aside.write_text("new")
        assert not path.exists()
        assert aside.suffix == ".txt"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_names_the_file_and_not_the_temporary_one(tmp_path):
    path = tmp_path / "table.txt"
    with pytest.raises(OSError, match="No space left") as failed, replacing(path) as aside:
        raise OSError(errno.ENOSPC, "No space left on device", str(aside))
    assert failed.value.filename == str(path)
    with pytest.raises(OSError, match="of another") as failed, replacing(path):
        raise OSError(errno.EACCES, "of another", "input.txt")
    assert failed.value.filename == "input.txt"


def test_the_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    events = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor):
        events.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    def note_replace(source, target):
        events.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    with replacing(tmp_path / "table.txt") as aside:
        aside.write_text("new")
    assert events == [aside.name, "rename", tmp_path.name]


WRITES = {"write_text", "write_bytes", "to_csv", "to_parquet", "write_table", "savefig", "copyfile"}


def writing_calls(node, safe=False):
    """Calls that write a file by its path, and whether each is within `with replacing(...)`."""
    if isinstance(node, ast.With):
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        safe = safe or any(getattr(call.func, "id", "") == "replacing" for call in calls)
    # Of a module, as pq.write_table; tables.write_table is called by its name alone.
    if isinstance(node, ast.Call) and (name := getattr(node.func, "attr", "")) in WRITES:
        named = {keyword.arg for keyword in node.keywords}
        # Without a path, to_csv returns the text.
        if name != "to_csv" or node.args or "path_or_buf" in named:
            yield node, safe
    for child in ast.iter_child_nodes(node):
        yield from writing_calls(child, safe)


def test_nothing_of_the_package_writes_a_file_otherwise():
    package = Path(goalsplice.__file__).parent
    found = [
        (f"{path.relative_to(package)}:{node.lineno}", safe)
        for path in package.rglob("*.py")
        for node, safe in writing_calls(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert len(found) > 5
    assert [where for where, safe in found if not safe] == []


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a\nb"),
        KeyError("x"),
        OverflowError(),
        OSError("cannot be decoded"),
        UnicodeDecodeError("utf8", b"", 0, 1, "\0"),
    ],
)
def test_what_a_decoder_raises_is_one_sentence(error):
    said = r"^x\.parquet is damaged \([ -~]+\); delete it and run snakemake again$"
    with pytest.raises(StudyError, match=said), decoding("x.parquet"):
        raise error


def test_what_is_no_damage_is_not_called_so():
    with pytest.raises(PermissionError), decoding("x.parquet"):
        raise PermissionError(errno.EACCES, "Permission denied", "x.parquet")
    with pytest.raises(StudyError, match=r"^mine$"), decoding("x.parquet"):
        raise StudyError("mine")
    with pytest.raises(StudyError, match="damaged, or there is not enough memory"), decoding("x.parquet"):
        raise MemoryError


def test_files_from_the_future_are_named_with_what_mends_them(tmp_path):
    folder, elsewhere = tmp_path / "a b", tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.mkdir()
    (folder / "linked").symlink_to(elsewhere)
    path, other = folder / "x.parquet", elsewhere / "y.parquet"
    path.touch()
    other.touch()
    now = time.time()
    check_times(folder, now)
    check_times(folder, now - 30)
    check_times(tmp_path / "absent", now)
    os.utime(path, (now + 3600, now + 3600))
    with pytest.raises(StudyError, match=r"x\.parquet was changed in the future"):
        check_times(folder, now)
    os.utime(other, (now + 3600, now + 3600))
    with pytest.raises(StudyError, match="1 other file") as told:
        check_times(folder, now)
    subprocess.run(str(told.value).partition("type: ")[2], shell=True, check=True)
    check_times(folder, time.time())
