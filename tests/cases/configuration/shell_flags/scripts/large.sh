#!/bin/bash
LR=0.5
python train.py \
  --width 512 --lr $LR \
  --fast
