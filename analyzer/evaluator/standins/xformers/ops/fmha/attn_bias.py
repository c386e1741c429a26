"""Masks by name; those of packed sequences keep their lengths only."""


class AttentionBias:
    pass


class LowerTriangularMask(AttentionBias):
    def __init__(self, *tensor_args, **tensor_kwargs):
        pass


class LowerTriangularMaskWithTensorBias(LowerTriangularMask):
    def __init__(self, bias):
        self._bias = bias


class BlockDiagonalMask(AttentionBias):
    def __init__(self, q_seqlen, kv_seqlen=None):
        self.q_seqlen = list(q_seqlen)
        self.kv_seqlen = list(kv_seqlen if kv_seqlen is not None else q_seqlen)

    @classmethod
    def from_seqlens(cls, q_seqlen, kv_seqlen=None, *, device=None):
        return cls(q_seqlen, kv_seqlen)

    def make_causal(self):
        return BlockDiagonalCausalMask(self.q_seqlen, self.kv_seqlen)


class BlockDiagonalCausalMask(BlockDiagonalMask):
    pass
