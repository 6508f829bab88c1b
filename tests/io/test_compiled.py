"""The cache of compiled code is never stale, and nobody else can write to it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import goalsplice
from goalsplice.io.compiled import cache_digest, cache_folder, is_private


def test_the_cache_folder_is_named_after_what_is_compiled():
    package = Path(goalsplice.__file__).parent
    assert Path(numba.config.CACHE_DIR).name == cache_digest(package)


def test_an_edit_of_any_compiled_file_changes_the_folder(tmp_path):
    (tmp_path / "agent" / "fast").mkdir(parents=True)
    (tmp_path / "figures").mkdir()
    compiled, constants = tmp_path / "agent" / "fast" / "rollout.py", tmp_path / "agent" / "rollout.py"
    plain = tmp_path / "figures" / "figure.py"
    compiled.write_text("@njit\ndef f(): return REWARD\n")
    constants.write_text("REWARD = 1\n")
    plain.write_text("x = 1\n")
    before = cache_digest(tmp_path)
    plain.write_text("x = 2\n")
    assert cache_digest(tmp_path) == before
    constants.write_text("REWARD = 2\n")
    after = cache_digest(tmp_path)
    assert after != before, "constants are compiled in"
    compiled.write_text("@njit\ndef f(): return 2 * REWARD\n")
    assert cache_digest(tmp_path) not in (before, after)


def test_a_copy_of_the_package_compiles_nothing_anew(tmp_path):
    """Wherever it lies: a clone, or a project that was moved."""
    call = "from goalsplice.world.observation import pack; pack(1, 2, 3, -1, 5, 0, 9); stats = pack.stats; "
    call += "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))"
    told = []
    for name in ("one", "two"):
        shutil.copytree(Path(goalsplice.__file__).parent, tmp_path / name / "goalsplice")
        variables = {"PYTHONPATH": str(tmp_path / name), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        command = [sys.executable, "-c", call]
        result = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
        told.append(result.stdout.split())
    assert told == [["0", "1"], ["1", "0"]]


@pytest.fixture
def places(tmp_path):
    """The user's cache, and the temporary folder that is everybody's."""
    cache, temporary = tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    temporary.chmod(0o1777)
    return cache, temporary


@pytest.fixture
def taken(places):
    """The name that this user has in the temporary folder; the user's cache cannot be made."""
    places[0].write_text("a file")
    return places[1] / f"goalsplice-{os.getuid()}"


def test_the_users_cache_is_taken_and_closed_to_others_whatever_the_umask(places):
    before = os.umask(0)
    try:
        folder = cache_folder(*places)
    finally:
        os.umask(before)
    assert folder == places[0] / "goalsplice" / cache_digest()
    assert folder.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777 == 0o700
    assert cache_folder(*places) == folder, "and taken again"


def test_without_a_cache_of_ones_own_each_user_has_a_folder_among_the_temporary_ones(places, taken):
    folder = cache_folder(*places)
    assert folder == taken / cache_digest()
    assert is_private(taken)
    assert is_private(folder)


@pytest.mark.parametrize("level", ["parent", "folder"])
def test_a_folder_to_which_others_may_write_is_not_taken(places, taken, level):
    folder = taken / cache_digest()
    folder.mkdir(parents=True)
    (taken if level == "parent" else folder).chmod(0o777)
    found = cache_folder(*places)
    assert taken not in (found, *found.parents)
    assert is_private(found)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
@pytest.mark.parametrize("level", ["parent", "folder"])
def test_a_folder_of_another_user_is_not_taken(places, taken, level):
    folder = taken / cache_digest()
    folder.mkdir(parents=True, mode=0o700)
    taken.chmod(0o700)
    os.chown(taken if level == "parent" else folder, 12345, 12345)
    found = cache_folder(*places)
    assert taken not in (found, *found.parents)
    assert is_private(found)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give links away")
def test_a_link_of_another_user_is_not_followed(places, taken):
    """Whoever owns it may turn it to another place later."""
    elsewhere = places[1] / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    taken.symlink_to(elsewhere)
    assert cache_folder(*places).parent == taken, "a link of one's own is"
    os.chown(taken, 12345, 12345, follow_symlinks=False)
    assert taken not in cache_folder(*places).parents
