"""What calls of foreign packages do in a training or inference program: patterns over dotted names.

`torch.optim.AdamW().step` reads: method `step` of what calling `torch.optim.AdamW` returned. Interfaces of
published packages are facts; names that the repository chose never appear here.
"""

# ruff: noqa: E501  a pattern that is broken over lines is harder to check against the interface

from __future__ import annotations

import re
from functools import lru_cache

from analyzer.records.processes import StageKind

OPTIMIZER = (
    r"torch\.optim\.(?!lr_scheduler|swa_utils|Optimizer$)(\w+\.)*[A-Z]\w*|(bitsandbytes|bnb)\.optim\.[A-Z]\w*|"
    r"apex\.optimizers\.[A-Z]\w*|deepspeed\.ops\.adam\.\w+|transformers\.(AdamW|Adafactor)|"
    r"transformers\.optimization\.(AdamW|Adafactor)|lion_pytorch\.Lion|timm\.optim\.(create_optimizer\w*|[A-Z]\w*)|"
    r"torch_optimizer\.[A-Z]\w*|adam_atan2_pytorch\.[A-Z]\w*|muon\.[A-Z]\w*|schedulefree\.[A-Z]\w*|prodigyopt\.\w+"
)
SCHEDULER = (
    r"torch\.optim\.lr_scheduler\.[A-Z]\w*|transformers\.(optimization\.)?get_\w*schedul\w*|"
    r"timm\.scheduler\.\w+|diffusers\.optimization\.get_\w*schedul\w*|torch\.optim\.swa_utils\.SWALR"
)
LOSS_FUNCTION = (
    r"torch\.nn\.functional\.(\w*_loss|cross_entropy|binary_cross_entropy(_with_logits)?|kl_div|nll_loss|"
    r"cosine_embedding_loss)|torchvision\.ops\.(\w*loss\w*)|torch\.nn\.(modules\.\w+\.)?\w*Loss\(\)|"
    r"timm\.loss\.\w+\(\)|monai\.losses\.\w+\(\)|segmentation_models_pytorch\.losses\.\w+\(\)|"
    r"torch\.(cosine_embedding_loss|ctc_loss|kl_div|poisson_nll_loss)"
)
TOKENIZER = (
    r"(transformers|modelscope)\.\w*Tokenizer\w*(\.\w+)?\(\)|tiktoken\.(get_encoding|encoding_for_model)\(\)|"
    r"sentencepiece\.SentencePieceProcessor\(\)|tokenizers\.(\w+\.)?\w*Tokenizer(\.\w+)?\(\)|tiktoken\.Encoding\(\)"
)

GENERATE = (
    r"(transformers|trl|peft|optimum|unsloth|auto_gptq|awq)\.(\w+(\(\))?\.)*\w+(\(\))?\.generate|vllm\.LLM\(\)\.(generate|chat)|"
    r"diffusers\.(\w+\.)*\w*Pipeline\w*(\.from_pretrained)?\(\)|transformers\.pipeline\(\)"
)
"""Calls in which a library's own loop runs a model until its output is whole."""

STAGES: tuple[tuple[StageKind, str], ...] = (
    ("optimizer", OPTIMIZER),
    ("backward", r"torch\.Tensor\(\)(\.loss)?\.backward|.*GradScaler\(\)\.scale\(\)\.backward|accelerate\.\w+\(\)\.backward|"
                 r"torch\.autograd\.backward|deepspeed\.initialize\(\)(\[\])?\.backward|.*\(\)\.manual_backward|"
                 r".*Fabric\(\)\.backward"),
    ("unscale", r".*GradScaler\(\)\.unscale_"),
    ("clip", r"torch\.nn\.utils\.(clip_grad\.)?clip_grad_\w+|accelerate\.\w+\(\)\.clip_grad_\w+|"
             r".*Fabric\(\)\.clip_gradients|.*LightningModule\(\)\.clip_gradients|"
             r"torch\.nn\.Module\(\)\.clip_grad_norm_|timm\.utils\.(clip_grad\.)?dispatch_clip_grad"),
    ("step", rf"({OPTIMIZER})\(\)\.step|.*GradScaler\(\)\.step|.*LightningModule\(\)\.optimizers\(\)(\[\])?\.step|"
             r"deepspeed\.initialize\(\)(\[\])?\.step"),
    ("schedule", rf"({SCHEDULER})\(\)\.step(_update)?|.*LightningModule\(\)\.lr_schedulers\(\)(\[\])?\.step"),
    ("zero_grad", rf"({OPTIMIZER})\(\)\.zero_grad|torch\.nn\.Module\(\)\.zero_grad|.*\.zero_grad"),
    ("checkpoint", r"torch\.save|safetensors\.torch\.save_\w+|.*\.save_pretrained|accelerate\.\w+\(\)\.save(_state|_model)?|"
                   r".*Trainer\(\)\.(save_model|save_checkpoint)|.*Fabric\(\)\.save|torch\.distributed\.checkpoint\.save\w*|deepspeed\.initialize\(\)(\[\])?\.save_checkpoint"),
    ("load_checkpoint", r"(transformers|diffusers)\.(\w+\.)*(?!\w*(Tokenizer|Processor|Config|Scheduler|Extractor))[A-Z]\w*\.from_pretrained|torch\.load|.*\.load_state_dict|.*LightningModule\.load_from_checkpoint|safetensors\.torch\.load_\w+|torch\.hub\.load\w*|"
                        r"accelerate\.\w+\(\)\.load_state|torch\.distributed\.checkpoint\.load\w*"),
    ("evaluate", r"(transformers|trl)\.(\w+\.)*\w*Trainer\(\)\.evaluate"),
    ("log", r".*Fabric\(\)\.(log|log_dict)|(wandb|swanlab|mlflow|trackio|neptune|comet_ml)\.(\w+\.)?(log\w*|init|log)|"
            r"wandb\.init\(\)\.log|.*SummaryWriter\(\)\.add_\w+|.*LightningModule\(\)\.log(_dict)?|accelerate\.\w+\(\)\.log|.*\(\)\.log_metrics"),
    ("mode", r"torch\.nn\.Module\(\)\.(train|eval)|torch\.nn\.(modules\.\w+\.)?[A-Z]\w*\(\)\.(train|eval)|"
             r"(transformers|diffusers|torchvision\.models|timm)\.(?!.*Trainer\(\)).*\.(train|eval)"),
    ("data", r"torch\.utils\.data\.(\w+\.)*(DataLoader|StatefulDataLoader)|torchvision\.datasets\.\w+|datasets\.load_\w+|"
             r"torchaudio\.datasets\.\w+|numpy\.memmap|numpy\.fromfile|torch\.utils\.data\.(\w+\.)*\w*(Sampler|Dataset)|"
             r"torch\.utils\.data\.(\w+\.)?random_split|webdataset\.\w+|timm\.data\.create_(loader|dataset)"),
    ("augment", r"torchvision\.transforms\.(v2\.)?(\w+\.)?Compose|albumentations\.Compose|timm\.data\.create_transform"),
    ("tokenize", rf"({TOKENIZER})(\.(encode|encode_plus|batch_encode_plus|apply_chat_template|encode_batch|"
                 r"encode_ordinary|EncodeAsIds))?"),
    ("postprocess", rf"({TOKENIZER})\.(decode|batch_decode|decode_batch|DecodeIds)|torchvision\.utils\.(save_image|make_grid)|"
                    r"PIL\.Image\.fromarray|diffusers\..*\.decode|torchvision\.ops\.(\w*nms)"),
    ("preprocess", r"PIL\.Image\.open|torchaudio\.load|cv2\.imread|librosa\.load|soundfile\.read|diffusers\..*\.encode|"
                   r"torchvision\.io\.\w+|torch\.stft|numpy\.frombuffer"),
    ("sample", rf"{GENERATE}|torch\.multinomial|torch\.distributions\.(\w+\.)*Categorical\(\)\.sample"),
)  # fmt: skip
LOSS = re.compile(LOSS_FUNCTION)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in STAGES)

SEEDS = re.compile(
    r"torch\.(cuda\.)?manual_seed(_all)?|torch\.Generator\(\)\.manual_seed|random\.seed|numpy\.random\.seed|torch\.seed|torch\.mps\.manual_seed|"
    r"(transformers|accelerate(\.utils)?|transformers\.trainer_utils)\.set_seed|(pytorch_lightning|lightning)\.seed_everything|"
    r"(pytorch_lightning|lightning)\.\w+(\(\))?\.seed_everything|torch\.xpu\.manual_seed"
)
AUTOCAST = re.compile(r"torch\.(amp\.(autocast_mode\.)?autocast|cuda\.amp\.autocast|cpu\.amp\.autocast|autocast)")
GRAD_SCALER = re.compile(r"torch\.(cuda\.|cpu\.)?amp\.(grad_scaler\.)?GradScaler")
NO_GRAD = re.compile(r"torch\.(no_grad|inference_mode|autograd\.no_grad|autograd\.inference_mode|set_grad_enabled).*")

FEATURES: tuple[tuple[str, str], ...] = (
    ("gradient_checkpointing", r"torch\.utils\.checkpoint\.checkpoint(_sequential)?|.*\.gradient_checkpointing_enable"),
    ("distributed_data_parallel", r"torch\.nn\.parallel\.(distributed\.)?DistributedDataParallel|"
                                  r"apex\.parallel\.DistributedDataParallel"),
    ("data_parallel", r"torch\.nn\.(parallel\.)?DataParallel"),
    ("fully_sharded_data_parallel", r"torch\.distributed\.fsdp\.(\w+\.)?(FullyShardedDataParallel|fully_shard)|"
                                    r"fairscale\.nn\.(\w+\.)*FullyShardedDataParallel|"
                                    r"torch\.distributed\._composable\.fsdp\.fully_shard|"
                                    r"(lightning|pytorch_lightning|lightning_fabric)\.(\w+\.)*strategies\.(\w+\.)*FSDPStrategy"),
    ("deepspeed", r"deepspeed\.initialize|"
                  r"(lightning|pytorch_lightning|lightning_fabric)\.(\w+\.)*strategies\.(\w+\.)*DeepSpeedStrategy"),
    ("launched_parallelism", r"accelerate\.\w+\(\)\.prepare(_model)?|.*Fabric\(\)\.setup(_module)?"),
    ("torch_compile", r"torch\.compile|torch\.nn\.Module\(\)\.compile"),
    ("exponential_moving_average", r"torch\.optim\.swa_utils\.AveragedModel|ema_pytorch\.EMA|timm\.utils\.(\w+\.)?ModelEma\w*|"
                                   r"diffusers\.training_utils\.EMAModel|torch_ema\.ExponentialMovingAverage"),
    ("mixup", r"timm\.data\.(mixup\.)?(Mixup|FastCollateMixup)|torchvision\.transforms\.v2\.(MixUp|CutMix)"),
    ("quantization", r"torch\.(ao\.)?quantization\.\w+|bitsandbytes\.nn\.\w+|transformers\.BitsAndBytesConfig|torchao\.\w+.*"),
    ("streaming", r"transformers\.(\w+\.)*Text\w*Streamer|fastapi\.responses\.StreamingResponse"),
    ("lora", r"peft\.(get_peft_model|LoraConfig)"),
)  # fmt: skip
_FEATURES = tuple((id_, re.compile(pattern)) for id_, pattern in FEATURES)
AUGMENTATION = re.compile(
    r"torchvision\.transforms\.(v2\.)?(\w+\.)?(Random\w+|ColorJitter|AutoAugment|RandAugment|TrivialAugmentWide|AugMix|"
    r"GaussianBlur|MixUp|CutMix)|albumentations\.(Random\w+|\w*Flip|\w*Rotate|ShiftScaleRotate|"
    r"ColorJitter|CoarseDropout|GaussNoise)|timm\.data\.(create_transform|RandomErasing|rand_augment_transform)|"
    r"kornia\.augmentation\.\w+|torchaudio\.transforms\.(FrequencyMasking|TimeMasking)"
)


@lru_cache(maxsize=8192)
def stage_of(dotted: str) -> StageKind | None:
    """The stage that a foreign call is, None for calls that are no stage."""
    if LOSS.fullmatch(dotted):
        return "loss"
    return next((kind for kind, pattern in _COMPILED if pattern.fullmatch(dotted)), None)


@lru_cache(maxsize=8192)
def features_of(dotted: str) -> tuple[str, ...]:
    """Technique ids that a foreign call is by itself."""
    return tuple(id_ for id_, pattern in _FEATURES if pattern.fullmatch(dotted))


@lru_cache(maxsize=4096)
def generates(dotted: str) -> bool:
    """True where a library's own loop generates."""
    return re.fullmatch(GENERATE, dotted) is not None


def is_optimizer(dotted: str) -> bool:
    """True for the constructor of an optimizer."""
    return stage_of(dotted) == "optimizer"


@lru_cache(maxsize=4096)
def is_scheduler(dotted: str) -> bool:
    """True for the constructor of a learning-rate scheduler."""
    return re.fullmatch(SCHEDULER, dotted) is not None
