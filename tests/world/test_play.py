"""A person can play, here one who types ahead."""

import pygame
import pytest
from minigrid.core.constants import DIR_TO_VEC

from goalsplice.world import play
from goalsplice.world.environment import FetchObstaclesEnv

# MiniGrid asks pygame for a font by a name that it does not list.
pytestmark = pytest.mark.filterwarnings("ignore:The system font")


@pytest.fixture
def typed():
    """Post keys to a window that is about to open."""
    pygame.display.init()
    yield lambda *keys: [pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key)) for key in keys]
    pygame.quit()


@pytest.fixture
def poses(monkeypatch):
    """The agent's cell and direction at each start and after each step."""
    seen = []
    reset, step = FetchObstaclesEnv.reset, FetchObstaclesEnv.step

    def watched(method):
        def call(self, *arguments, **named):
            result = method(self, *arguments, **named)
            seen.append((*(int(c) for c in self.agent_pos), int(self.agent_dir)))
            return result

        return call

    monkeypatch.setattr(FetchObstaclesEnv, "reset", watched(reset))
    monkeypatch.setattr(FetchObstaclesEnv, "step", watched(step))
    return seen


def test_keys_move_the_agent_and_escape_ends(typed, poses, capsys):
    typed(pygame.K_RIGHT, pygame.K_UP, pygame.K_ESCAPE, pygame.K_UP)
    play.main(["--seed", "0"])
    start, turned, moved = poses
    assert turned == (*start[:2], (start[2] + 1) % 4)
    dx, dy = DIR_TO_VEC[turned[2]]
    assert moved == (start[0] + dx, start[1] + dy, turned[2])
    assert not pygame.display.get_init(), "the window is closed"
    assert capsys.readouterr().out.startswith(play.HELP)


def test_closing_the_window_ends(typed, poses):
    typed()
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    play.main(["--objective", "yellow", "--level-distribution", "three_colours", "--view-size", "7"])
    assert len(poses) == 1
    assert not pygame.display.get_init()
