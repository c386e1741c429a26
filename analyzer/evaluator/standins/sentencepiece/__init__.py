"""A vocabulary stands in a file that is not read: its size and tokens are unknown."""
from kernels import unmodelled


class SentencePieceProcessor:
    def __init__(self, model_file=None, model_proto=None, out_type=None, add_bos=False, add_eos=False, reverse=False,
                 emit_unk_piece=False, enable_sampling=False, nbest_size=-1, alpha=0.1, num_threads=-1, return_type=None):
        self.model_file = model_file

    def Load(self, model_file=None, model_proto=None):
        self.model_file = model_file
        return True

    load = Load

    def GetPieceSize(self):
        unmodelled("sentencepiece: size of a vocabulary that stands in a file")

    get_piece_size = vocab_size = piece_size = GetPieceSize
