from yacs.config import CfgNode as CN

_C = CN()
_C.SEED = 7
_C.MODEL = CN()
_C.MODEL.WIDTH = 32
_C.MODEL.DEPTH = 2
_C.SOLVER = CN(new_allowed=True)
_C.SOLVER.LR = 0.1


def get_cfg_defaults():
    return _C.clone()
