from regx.core.errors import InputError
from regx.core.regularizer import Array, choice, integer, number
from regx.regularizers.normalisation import Normalisation


class GroupNorm(Normalisation):
    """y = gain·(z - μ)/√(σ² + eps) + offset, each sample by mean and biased variance of groups of its channels.

    A layer of the network, after the product and before the activation of every hidden layer unless `position: after`;
    the units of a dense layer count as channels. The channels of every hidden layer must be a multiple of `groups`;
    with 1 it is layer norm. The same in training and at evaluation, whatever the batch. Gain and offset belong to a
    channel, are learned, from 1 and 0, and never penalised.

    Update: as of layer norm, within each group.
    Usual: groups of 4 to 32 channels.
    Example: groups 2: units [1, 3, 10, 30] give units [-1, 1, -1, 1].

    Elsewhere: PyTorch's GroupNorm(groups, channels).
    """

    kind = "group_norm"
    source = "Wu & He 2018, Group Normalization, section 3"

    groups: int = integer(4, ge=1, static=True, help="groups of channels")
    eps: Array = number(1e-5, gt=0, help="added to the variance")
    position: str = choice("before", ("before", "after"), help="where it stands, before or after the activation")

    def own_tensors(self, width: int) -> dict[str, tuple[float, bool]]:
        if width % self.groups:
            raise InputError(
                f"regularizers.group_norm.groups is {self.groups}; expected a divisor of the channels of every hidden "
                f"layer, found one of {width}. Change groups, architecture.conv or architecture.hidden."
            )
        return super().own_tensors(width)
