"""The cache of compiled code is never stale."""

from pathlib import Path

import numba

import goalsplice
from goalsplice.compiled import source_digest


def test_the_cache_folder_is_named_after_what_is_compiled():
    package = Path(goalsplice.__file__).parent
    assert Path(numba.config.CACHE_DIR).name == source_digest(package)


def test_an_edit_of_any_compiled_file_changes_the_folder(tmp_path):
    (tmp_path / "world").mkdir()
    (tmp_path / "figures").mkdir()
    compiled, constants = tmp_path / "world" / "simulator.py", tmp_path / "world" / "vocabulary.py"
    plain = tmp_path / "figures" / "figure.py"
    compiled.write_text("@njit\ndef f(): return REWARD\n")
    constants.write_text("REWARD = 1\n")
    plain.write_text("x = 1\n")
    before = source_digest(tmp_path)
    plain.write_text("x = 2\n")
    assert source_digest(tmp_path) == before
    constants.write_text("REWARD = 2\n")
    after = source_digest(tmp_path)
    assert after != before, "constants are compiled in"
    compiled.write_text("@njit\ndef f(): return 2 * REWARD\n")
    assert source_digest(tmp_path) not in (before, after)
