"""What the agent sees: as a number, as rows of a small table, and as MiniGrid's arrays.

An observation of this world is a pattern of walls and at most four things (the ball, the blue, the purple and the
third key), each at a view cell or out of view. It fits in one integer, its *code*, and equal codes are equal
observations. Two encodings turn it into the network's inputs, as MiniGrid's own wrappers would:

| encoding | each cell | published as |
|---|---|---|
| `onehot` | 11 types + 6 colours + 3 states = 20 bits (`OneHotPartialObsWrapper`) | the post: 5x5 view |
| `integers` | type, colour, state as numbers (MiniGrid's `image`) | the code: 7x7 view |

Both are sums: inputs = (inputs of the walls' pattern) + (for each thing in view, what it changes in its cell). So a
linear layer's output is a sum of at most five rows of a table that depends on its weights alone: see
`agent/fast/first_layer.py`.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse

from goalsplice.io.compiled import njit, njit_unowned
from goalsplice.world.geometry import Geometry, geometry
from goalsplice.world.minigrid_numbers import COLOR_TO_IDX, OBJECT_TO_IDX, STATE_TO_IDX
from goalsplice.world.vocabulary import OBJECTIVES, shown

THINGS = 4
"""Ball, blue key, purple key, third key: the order in which a code and `rows` hold them."""

_COLOURS = len(COLOR_TO_IDX)
_CONTENTS = (
    ("empty", "red"),
    ("wall", "grey"),
    ("ball", "grey"),
    *(("key", colour) for colour in COLOR_TO_IDX),
)
"""What a cell can hold, with MiniGrid's colour for it. MiniGrid gives empty cells colour 0, which is red."""

EMPTY, WALL, BALL, FIRST_KEY = range(4)
BLUE, PURPLE = COLOR_TO_IDX["blue"], COLOR_TO_IDX["purple"]


@cache
def cell_inputs(encoding: str) -> np.ndarray:
    """Inputs of one cell for each of the nine contents: float32 (9, channels). The array is kept: leave it as it is."""
    triples = np.array([(OBJECT_TO_IDX[kind], COLOR_TO_IDX[colour], 0) for kind, colour in _CONTENTS])
    if encoding == "integers":
        return triples.astype(np.float32)
    starts = np.cumsum([0, len(OBJECT_TO_IDX), len(COLOR_TO_IDX)])
    bits = np.zeros((len(triples), starts[-1] + len(STATE_TO_IDX)), dtype=np.float32)
    bits[np.arange(len(triples))[:, None], triples + starts] = 1
    return bits


@njit_unowned
def pack(background, ball, blue, purple, third, third_colour, cells):
    """Code of an observation. Places are view cells, or -1 for out of view; `cells` is their number."""
    base = cells + 1
    code = ((background * base + ball + 1) * base + blue + 1) * base + purple + 1
    # A key out of view has no colour that could be distinguished.
    colour = third_colour if third >= 0 else 0
    return (code * base + third + 1) * _COLOURS + colour


@njit
def rows(codes, cells, backgrounds, out):
    """Rows of the input table that an observation sums, into `out`: int32 (n, 5).

    Row b < B is the b-th pattern of walls; row B + 7 * cell + (content - 2) is a thing at a view cell, its content
    counted as in `_CONTENTS`; the last row is blank and stands for a thing out of view.
    """
    base = cells + 1
    blank = backgrounds + 7 * cells
    for i in range(codes.size):
        code = codes[i]
        colour = code % _COLOURS
        code //= _COLOURS
        for slot, key in ((4, colour), (3, PURPLE), (2, BLUE)):
            place = code % base - 1
            code //= base
            out[i, slot] = backgrounds + 7 * place + FIRST_KEY - BALL + key if place >= 0 else blank
        place = code % base - 1
        out[i, 1] = backgrounds + 7 * place if place >= 0 else blank
        out[i, 0] = code // base


def rows_of_keys(encoding: "Encoding", colour: str) -> np.ndarray:
    """Rows of the input table, as `rows` counts them, that are a key of this colour: int64 (view cells,)."""
    return encoding.backgrounds + 7 * np.arange(encoding.cells) + FIRST_KEY - BALL + encoding.colours.index(colour)


@dataclass(frozen=True)
class Encoding:
    """How a network sees the world.

    Args:
        name: `onehot` or `integers`.
        view_size: side of the agent's view.
        size: side of the grid, walls included.
        key_colours: what the world's blue, purple and yellow key look like.
    """

    name: str
    view_size: int
    size: int = 6
    key_colours: tuple[str, str, str] = OBJECTIVES

    @cached_property
    def colours(self) -> list[str]:
        """What keys look like, by MiniGrid's number of the colour that the compiled world knows them by."""
        return [shown(self.key_colours)[colour] for colour in COLOR_TO_IDX]

    @property
    def contents(self) -> np.ndarray:
        """Inputs of one cell for each content, keys in the order of `colours`: float32 (9, channels)."""
        keys = [FIRST_KEY + COLOR_TO_IDX[colour] for colour in self.colours]
        return cell_inputs(self.name)[[EMPTY, WALL, BALL, *keys]]

    @property
    def geometry(self) -> Geometry:
        return geometry(self.size, self.view_size)

    @property
    def cells(self) -> int:
        """View cells."""
        return self.view_size**2

    @property
    def channels(self) -> int:
        """Inputs of each view cell."""
        return cell_inputs(self.name).shape[1]

    @property
    def inputs(self) -> int:
        """Inputs of the network: view cells times channels."""
        return self.cells * self.channels

    @property
    def backgrounds(self) -> int:
        """Patterns of walls that can be seen."""
        return len(self.geometry.background_walls)

    def rows(self, codes: np.ndarray) -> np.ndarray:
        """Rows of `row_inputs` whose sum is each observation: int32 (n, 5)."""
        out = np.empty((codes.size, 1 + THINGS), dtype=np.int32)
        rows(codes, self.cells, self.backgrounds, out)
        return out

    @cached_property
    def row_inputs(self) -> scipy.sparse.csr_array:
        """What each row stands for in the network's inputs: sparse float32 (B + 7 * cells + 1, inputs)."""
        contents = self.contents
        walls = contents[np.where(self.geometry.background_walls, WALL, EMPTY)]
        changes = contents[BALL:] - contents[EMPTY]
        things = np.zeros((self.cells, len(changes), self.cells, self.channels), dtype=np.float32)
        for cell in range(self.cells):
            things[cell, :, cell, :] = changes
        blank = np.zeros((1, self.inputs), dtype=np.float32)
        return scipy.sparse.csr_array(
            np.concatenate([walls.reshape(-1, self.inputs), things.reshape(-1, self.inputs), blank])
        )

    @cached_property
    def inputs_rows(self) -> scipy.sparse.csr_array:
        """`row_inputs` transposed, in the layout that multiplies fast: sparse float32 (inputs, R)."""
        return self.row_inputs.T.tocsr()

    def inputs_of(self, rows: np.ndarray) -> np.ndarray:
        """A network's inputs for observations given as `rows` (n, 5): float32 (n, inputs)."""
        return sum(self.row_inputs[rows[:, slot]] for slot in range(1 + THINGS)).toarray()

    def images(self, codes: np.ndarray) -> np.ndarray:
        """Observations as MiniGrid's wrappers give them: uint8 (n, view_size, view_size, channels)."""
        inputs = self.inputs_of(self.rows(codes))
        return inputs.astype(np.uint8).reshape(-1, self.view_size, self.view_size, self.channels)


class Observations(NamedTuple):
    """Distinct observations, and how often each was met.

    Attributes:
        codes: int64 (n,), rising.
        counts: int64 (n,).
    """

    codes: np.ndarray
    counts: np.ndarray

    @property
    def frequency(self) -> np.ndarray:
        """How often each was met, in parts of all: float32 (n,)."""
        return (self.counts / self.counts.sum()).astype(np.float32)
