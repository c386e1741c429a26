from timm_not_modelled import build_model_with_cfg, load_pretrained, named_apply, adapt_input_conv, checkpoint_seq
