"""The strip of pictures and the animation show what was recorded."""

import numpy as np
import pytest
from PIL import Image

from figures.behaviour_tables import LENGTHS, LEVELS, behaviour_table
from goalsplice.cli import animate
from goalsplice.figures import behaviour
from goalsplice.figures.playback import SCENE, picture, what
from goalsplice.figures.style import styled
from goalsplice.io.frames import write_frame

# MiniGrid asks pygame for a font by a name that it does not list.
pytestmark = pytest.mark.filterwarnings("ignore:The system font")


def drawn(table):
    with styled():
        return behaviour.draw({"behaviour": table[SCENE]}, {})


def titles(figure, count):
    return [axes.get_title(loc="center").split("\n") for axes in figure.axes][-count:]


def test_the_strip_has_the_ends_of_all_episodes_of_the_first_level():
    figure = drawn(behaviour_table())
    above, below = figure.axes[:8], figure.axes[8:]
    for strip, length, ending in ((above, 3, "takes purple"), (below, 11, "takes yellow")):
        texts = [axes.get_title(loc="center") for axes in strip]
        assert texts[0] == "step 0\nstart"
        assert [text for text in texts if text][-1] == f"step {length}\n{ending}"
    assert sum(bool(axes.images) for axes in above) < 8
    assert all(axes.images for axes in below)
    assert f"level {LEVELS[0]} of" in figure._supxlabel.get_text()


@pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 180), (180, 180), (7, 2)])
def test_however_long_the_episodes_no_more_than_eight_pictures(one, other):
    table = behaviour_table(endings=("crash", "timeout"), lengths={"unedited": one, "edited": other})
    figure = drawn(table)
    assert len(figure.axes) == 2 * min(8, max(one, other) + 1)
    assert figure._suptitle.get_text() == "One level, the same luck – unedited: crashes; edited: out of time"


def test_a_picture_shows_things_where_they_are_and_not_what_was_taken():
    table = behaviour_table()
    start = table.iloc[0].copy()
    start[["agent_cell", "direction", "ball_cell"]] = [7, 0, 28]
    start[["first_cell", "second_cell", "third_cell"]] = [10, 25, 16]

    def tile(image, cell):
        height = image.shape[0] // 6
        y, x = divmod(cell, 6)
        return image[y * height + 8 : (y + 1) * height - 8, x * height + 8 : (x + 1) * height - 8].astype(int)

    image = picture(start)
    assert (tile(image, 16)[..., :2].max(axis=(0, 1)) > 200).all()  # red and green make yellow
    assert tile(image, 10)[..., 2].max() > 200
    start["outcome"] = "yellow"
    assert np.ptp(tile(picture(start), 16)) == 0
    assert what(start) == "takes yellow"


def test_the_animation_plays_all_levels_and_waits_for_the_longer_episode(tmp_path, monkeypatch):
    write_frame(tmp_path / "behaviour.parquet", behaviour_table())
    for name in ("one.gif", "other.gif"):
        arguments = ["--behaviour", str(tmp_path / "behaviour.parquet"), "--output", str(tmp_path / name)]
        monkeypatch.setattr("sys.argv", ["animate", *arguments])
        animate.main()
    assert (tmp_path / "one.gif").read_bytes() == (tmp_path / "other.gif").read_bytes()
    with Image.open(tmp_path / "one.gif") as image:
        assert image.n_frames == len(LEVELS) * (max(LENGTHS.values()) + 1)
        assert image.info["loop"] == 0
