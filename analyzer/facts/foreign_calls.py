"""What calls of foreign packages mean for roles and entry points: dotted-name patterns by family, nothing else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("turns_gradients_off", (
        "torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad", "torch.autograd.grad_mode.no_grad",
        "torch.autograd.inference_mode", "torch.autograd.grad_mode.inference_mode",
    )),
    ("computes_gradients", ("torch.autograd.backward", "*.backward")),
    ("schedules_rate", ("torch.optim.lr_scheduler.*.step", "transformers.get_*_schedule*.step", "timm.scheduler.*.step")),
    ("steps_optimizer", ("torch.optim.*.step", "torch.cuda.amp.*.step", "torch.amp.*.step", "bitsandbytes.optim.*.step")),
    ("fits_trainer", (
        "transformers.*Trainer.train", "trl.*Trainer.train", "pytorch_lightning.*Trainer.fit", "lightning.*Trainer.fit",
        "pytorch_lightning.Trainer.fit", "transformers.Trainer.train", "mmengine.runner.Runner.train",
        "mmengine.Runner.train", "fastai.*.fit*", "ignite.engine.Engine.run", "composer.Trainer.fit",
    )),
    ("loads_data", (
        "torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader", "torchvision.datasets.[A-Z]*",
        "torchaudio.datasets.[A-Z]*", "torchtext.datasets.*", "datasets.load_dataset", "datasets.load_from_disk",
        "datasets.Dataset.from_*", "webdataset.WebDataset", "webdataset.WebLoader", "timm.data.create_dataset",
        "timm.data.create_loader", "torch_geometric.loader.*", "torch.utils.data.random_split",
        "torch.utils.data.TensorDataset", "tensorflow_datasets.load", "sklearn.datasets.*",
    )),
    ("reads_arrays", ("numpy.memmap", "numpy.load", "numpy.fromfile", "numpy.lib.format.open_memmap", "h5py.File")),
    ("makes_tensors", ("torch.from_numpy", "torch.tensor", "torch.as_tensor", "torch.stack")),
    ("applies_transforms", (
        "torchvision.transforms.*", "torchaudio.transforms.*", "albumentations.*", "timm.data.create_transform",
        "kornia.augmentation.*", "imgaug.augmenters.*", "monai.transforms.*", "audiomentations.*",
    )),
    ("tokenises", (
        "tiktoken.*", "sentencepiece.*", "tokenizers.*", "transformers.AutoTokenizer.*", "transformers.*Tokenizer*",
        "transformers.*Processor.from_pretrained.__call__", "youtokentome.*", "nltk.tokenize.*", "spacy.load*",
    )),
    ("extracts_features", (
        "torch.stft", "librosa.*", "torchaudio.load*", "torchaudio.functional.*", "torchaudio.compliance.*",
        "python_speech_features.*", "decord.*", "torchvision.io.*",
    )),
    ("writes_arrays", (
        "numpy.save", "numpy.savez", "numpy.savez_compressed", "*.tofile", "datasets.*.save_to_disk",
        "lmdb.*.put", "h5py.*.create_dataset",
    )),
    ("defines_arguments", (
        "argparse.*.add_argument", "absl.flags.DEFINE_*", "click.option", "click.argument", "typer.Option",
        "typer.Argument", "tyro.cli", "fire.Fire", "transformers.HfArgumentParser", "simple_parsing.*",
        "hydra.main", "configargparse.*.add_argument",
    )),
    ("reads_configuration", (
        "yaml.safe_load", "yaml.load", "omegaconf.OmegaConf.*", "ml_collections.*", "yacs.config.*", "tomllib.load*",
        "hydra.compose",
    )),
)  # fmt: skip


@cache
def family_of(dotted: str) -> str | None:
    """The first family whose patterns match the dotted name of a callee."""
    for family, patterns in FAMILIES:
        if any(fnmatchcase(dotted, pattern) for pattern in patterns):
            return family
    return None


DATASET_BASES = (
    "torch.utils.data.Dataset", "torch.utils.data.IterableDataset", "torch.utils.data.dataset.*", "torchvision.datasets.*",
    "torch.utils.data.Sampler", "torch.utils.data.sampler.*", "*.LightningDataModule", "torch_geometric.data.*Dataset",
)  # fmt: skip
TOKENIZER_BASES = ("transformers.*Tokenizer*", "tokenizers.*")
CONFIGURATION_BASES = (
    "transformers.PretrainedConfig", "transformers.*.PretrainedConfig", "pydantic.BaseModel", "pydantic.BaseSettings",
    "pydantic_settings.BaseSettings", "typing.NamedTuple",
)  # fmt: skip
DATACLASS_DECORATORS = (
    "dataclasses.dataclass",
    "attr.s",
    "attr.define",
    "attrs.define",
    "attrs.frozen",
    "attr.dataclass",
)


def matches(dotted: str, patterns: tuple[str, ...]) -> bool:
    """True where one of the patterns matches."""
    return any(fnmatchcase(dotted, pattern) for pattern in patterns)
