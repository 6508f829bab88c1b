"""No name ever holds half a file."""

import pytest

from goalsplice.files import replacing


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
