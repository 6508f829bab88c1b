"""What all tests share."""

import os

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
