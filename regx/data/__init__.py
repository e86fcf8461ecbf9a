"""Where data comes from, one file each. Adding a dataset is its file and a line here."""

from regx.data.breast_cancer import BreastCancer
from regx.data.circle import Circle
from regx.data.csv import CSV
from regx.data.dataset import Source
from regx.data.diabetes import Diabetes
from regx.data.digits import Digits
from regx.data.images import ImageFiles
from regx.data.sine import Sine

MEMBERS: tuple[type[Source], ...] = (Sine, Circle, Diabetes, BreastCancer, Digits, CSV, ImageFiles)
REGISTRY: dict[str, type[Source]] = {member.kind: member for member in MEMBERS}
