"""Play the world by hand, in a window: `python -m goalsplice.world.play --objective blue --view-size 5`."""

import argparse

import gymnasium
import pygame
from minigrid.manual_control import ManualControl

from goalsplice.world import ENVIRONMENT_ID
from goalsplice.world.vocabulary import OBJECTIVES, THIRD_KEY_COLOURS

HELP = "left, right: turn; up: forward; tab: pick up; backspace: new episode; escape: quit"


class Player(ManualControl):
    """MiniGrid's, except that it ends when it is told to: MiniGrid's goes on asking a closed window for events."""

    def start(self) -> None:
        self.reset(self.seed)
        while not self.closed:
            event = pygame.event.wait()
            if event.type == pygame.KEYDOWN:
                event.key = pygame.key.name(event.key)
                self.closed = event.key == "escape"
                self.key_handler(event)
            elif event.type == pygame.QUIT:
                self.closed = True
                self.env.close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Play the world by hand.", epilog=HELP)
    parser.add_argument("--objective", choices=OBJECTIVES, default="blue", help="colour of the key that pays")
    parser.add_argument(
        "--level-distribution", choices=THIRD_KEY_COLOURS, default="training", help="what the third key can be"
    )
    parser.add_argument(
        "--view-size", type=int, choices=(3, 5, 7), default=5, help="side of the agent's view, which is drawn lighter"
    )
    parser.add_argument("--seed", type=int, help="start with this level, and again after each end")
    options = parser.parse_args(arguments)
    environment = gymnasium.make(
        ENVIRONMENT_ID,
        objective=options.objective,
        level_distribution=options.level_distribution,
        agent_view_size=options.view_size,
        render_mode="human",
        disable_env_checker=True,
    )
    print(HELP)
    Player(environment, options.seed).start()


if __name__ == "__main__":
    main()
