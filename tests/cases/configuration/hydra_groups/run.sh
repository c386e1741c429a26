#!/bin/sh
python train.py model=large \
  optimizer.lr=1e-3 batch_size=64
