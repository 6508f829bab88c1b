"""What figures say of the arms and of the world follows the configuration."""

import pytest
from matplotlib.text import Text

from goalsplice.figures import world
from goalsplice.figures.style import arm_name, styled


def settings(encoding, view_size):
    return {"encoding": encoding, "view_size": view_size, "grid_size": 6}


@pytest.mark.parametrize(
    ("arm", "seen", "name"),
    [
        ("onehot", ("onehot", 5), "one-hot, 5×5 view (as the post says)"),
        ("onehot", ("onehot", 7), "one-hot, 7×7 view"),
        ("integers", ("integers", 7), "integers, 7×7 view (as the code does)"),
        ("integers", ("integers", 5), "integers, 5×5 view"),
        ("onehot", ("integers", 7), "onehot"),
        ("patient", ("onehot", 5), "patient"),
    ],
)
def test_an_arm_is_called_by_what_it_sees(arm, seen, name):
    with styled({arm: settings(*seen)}):
        assert arm_name(arm) == name
        assert arm_name(arm, lines=2) == name.replace(" (", "\n(")
        assert arm_name("published") == "the author's run (published)"
    assert arm_name("onehot").endswith("(as the post says)")


@pytest.fixture
def drawn():
    def draw(grid_size, view_size):
        arms = {"first": settings("onehot", view_size) | {"grid_size": grid_size}, "second": settings("integers", 5)}
        with styled(arms):
            return world.draw({}, {"arms": arms})

    return draw


# MiniGrid asks pygame for a font by a name that it does not list.
@pytest.mark.filterwarnings("ignore:The system font")
@pytest.mark.parametrize("view_size", [3, 5, 7])
@pytest.mark.parametrize("grid_size", [5, 6, 7, 8])
def test_the_world_is_the_first_arms(drawn, grid_size, view_size):
    figure = drawn(grid_size, view_size)
    room, view = (axes.images[0].get_array().shape[0] // world._TILE for axes in figure.axes)
    assert (room, view) == (grid_size, view_size)
    names = [text.get_text() for text in figure.axes[0].findobj(Text)]
    for name in ("blue key", "purple key", "grey ball", "agent,\nfacing right"):
        assert names.count(name) == 1
    places = [text.get_position() for text in figure.axes[0].texts]
    assert len(set(places)) == len(places), "two names are in one place"
