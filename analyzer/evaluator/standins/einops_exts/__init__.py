"""Operations of einops on several tensors."""
from .einops_exts import check_shape, rearrange_many, reduce_many, repeat_many
