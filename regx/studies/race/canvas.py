"""Pictures of characters: dots in braille, eight to a character, one layer above the other."""

from dataclasses import dataclass, field

import numpy as np
from rich.text import Text

from regx.core.arrays import Array

BRAILLE = 0x2800
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # of a character, 4 rows by 2 columns
TALL, WIDE = DOTS.shape


@dataclass
class Canvas:
    """`height` rows of `width` characters, empty at first. Later layers hide earlier ones."""

    width: int
    height: int
    ascii: bool = False
    _signs: list[list[str]] = field(init=False)
    _styles: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._signs = [[" "] * self.width for _ in range(self.height)]
        self._styles = [[""] * self.width for _ in range(self.height)]

    @property
    def dots(self) -> tuple[int, int]:
        """Rows and columns of dots."""
        return TALL * self.height, WIDE * self.width

    def draw(self, dots: Array, style: str, sign: str) -> None:
        """Add a layer of dots, bool of the shape `self.dots`. sign: the character for them where braille cannot be."""
        codes = (dots.reshape(self.height, TALL, self.width, WIDE) * DOTS[:, None, :]).sum(axis=(1, 3))
        for row, column in np.argwhere(codes).tolist():
            self._signs[row][column] = sign if self.ascii else chr(BRAILLE + int(codes[row, column]))
            self._styles[row][column] = style

    def mark(self, rows: Array, columns: Array, style: str, sign: str) -> None:
        """Add characters where the given dots, (n,) each, are; what lies outside the picture is left out."""
        for row, column in zip((rows // TALL).tolist(), (columns // WIDE).tolist(), strict=True):
            if 0 <= row < self.height and 0 <= column < self.width:
                self._signs[row][column] = sign
                self._styles[row][column] = style

    def lines(self) -> list[Text]:
        """The rows, each as wide as the picture."""
        lines = []
        for signs, styles in zip(self._signs, self._styles, strict=True):
            line, start = Text(no_wrap=True), 0
            for end in range(1, self.width + 1):
                if end == self.width or styles[end] != styles[start]:
                    line.append("".join(signs[start:end]), styles[start])
                    start = end
            lines.append(line)
        return lines
