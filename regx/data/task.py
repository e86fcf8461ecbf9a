"""What networks learn of data: a number, one of two classes, or one of several."""

from typing import Literal

Task = Literal["regression", "binary", "multiclass"]
