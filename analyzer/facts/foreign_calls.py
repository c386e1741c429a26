"""What calls of foreign packages mean for roles and entry points: dotted-name patterns by family, nothing else."""

from __future__ import annotations

from functools import cache

from analyzer.facts.name_patterns import matches

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("turns_gradients_off", (
        "torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad", "torch.autograd.grad_mode.no_grad",
        "torch.autograd.inference_mode", "torch.autograd.grad_mode.inference_mode",
    )),
    ("computes_gradients", ("torch.autograd.backward", "**.backward")),
    ("schedules_rate", (
        "torch.optim.lr_scheduler.*.step", "transformers.get_*.step", "transformers.**.get_*schedule*.step",
        "timm.scheduler.**.step", "timm.scheduler.**.step_update",
    )),
    ("steps_optimizer", (
        "torch.optim.**.step", "torch.cuda.amp.**.step", "torch.amp.**.step", "bitsandbytes.optim.*.step",
    )),
    ("fits_trainer", (
        "transformers.*Trainer.train", "transformers.**.*Trainer.train", "trl.*Trainer.train", "trl.**.*Trainer.train",
        "pytorch_lightning.**.Trainer.fit", "pytorch_lightning.Trainer.fit", "lightning.**.Trainer.fit",
        "lightning.Trainer.fit", "mmengine.**.Runner.train", "fastai.**.fit*", "ignite.engine.Engine.run",
        "composer.Trainer.fit",
    )),
    ("loads_data", (
        "torch.utils.data.**DataLoader", "torchvision.datasets.[A-Z]*", "torchaudio.datasets.[A-Z]*",
        "torchtext.datasets.*", "datasets.load_dataset", "datasets.load_from_disk", "datasets.Dataset.from_*",
        "webdataset.WebDataset", "webdataset.WebLoader", "timm.data.create_dataset", "timm.data.create_loader",
        "torch_geometric.loader.*", "torch_geometric.datasets.*", "torch.utils.data.random_split",
        "torch.utils.data.TensorDataset", "tensorflow_datasets.load", "sklearn.datasets.*",
    )),
    ("reads_arrays", ("numpy.memmap", "numpy.load", "numpy.fromfile", "numpy.lib.format.open_memmap", "h5py.File")),
    ("stacks_tensors", ("torch.stack", "numpy.stack")),
    ("applies_transforms", (
        "torchvision.transforms.[A-Zv]*", "torchvision.transforms.v2.[A-Z]*", "torchaudio.transforms.[A-Z]*",
        "torchvision.transforms.functional.*", "albumentations.[A-Z]*", "timm.data.create_transform",
        "kornia.augmentation.[A-Z]*", "imgaug.augmenters.[A-Z]*", "monai.transforms.[A-Z]*", "audiomentations.[A-Z]*",
    )),
    ("tokenises", (
        "tiktoken.Encoding", "tiktoken.*.encode*", "sentencepiece.SentencePieceProcessor.[Eet]*",
        "sentencepiece.SentencePieceTrainer.*", "tokenizers.Tokenizer", "tokenizers.[A-Z]*.train*",
        "tokenizers.[A-Z]*.encode*", "tokenizers.[A-Z]*.from_*.encode*", "tokenizers.trainers.*",
        "transformers.**Tokenizer*.__call__", "transformers.**Tokenizer*.encode*",
        "transformers.**Tokenizer*.apply_chat_template", "transformers.**Tokenizer*.from_pretrained.__call__",
        "transformers.**Tokenizer*.from_pretrained.encode*", "transformers.**Tokenizer*.train_new_from_iterator",
        "transformers.**Tokenizer*.from_pretrained.apply_chat_template",
        "transformers.**Tokenizer*.from_pretrained.batch_encode_plus", "youtokentome.BPE.*", "nltk.tokenize.*",
        "transformers.*Processor.from_pretrained.__call__",
    )),
    ("extracts_features", (
        "torch.stft", "librosa.**", "torchaudio.load*", "torchaudio.functional.*", "torchaudio.compliance.**",
        "python_speech_features.*", "decord.*", "torchvision.io.*",
    )),
    ("writes_arrays", (
        "numpy.save", "numpy.savez", "numpy.savez_compressed", "**.tofile", "datasets.**.save_to_disk",
        "lmdb.**.put", "h5py.**.create_dataset",
    )),
    ("defines_arguments", (
        "argparse.**.add_argument", "absl.flags.DEFINE_*", "click.option", "click.argument", "typer.Option",
        "typer.Argument", "tyro.cli", "fire.Fire", "transformers.HfArgumentParser", "simple_parsing.*",
        "hydra.main", "configargparse.**.add_argument",
    )),
    ("reads_configuration", (
        "omegaconf.OmegaConf.load", "omegaconf.OmegaConf.create", "ml_collections.**ConfigDict", "yacs.config.CfgNode",
        "hydra.compose",
    )),
)  # fmt: skip


@cache
def family_of(dotted: str) -> str | None:
    """The first family whose patterns match the dotted name of a callee."""
    for family, patterns in FAMILIES:
        if matches(dotted, patterns):
            return family
    return None


DATASET_BASES = (
    "torch.utils.data.Dataset", "torch.utils.data.IterableDataset", "torch.utils.data.dataset.*",
    "torchvision.datasets.**", "torch.utils.data.Sampler", "torch.utils.data.sampler.*", "**.LightningDataModule",
    "torch_geometric.data.**Dataset",
)  # fmt: skip
TOKENIZER_BASES = ("transformers.**Tokenizer*", "tokenizers.**")
PRETRAINED_BASES = ("transformers.PretrainedConfig", "transformers.**.PretrainedConfig", "diffusers.**.ConfigMixin")
CONFIGURATION_BASES = (
    *PRETRAINED_BASES, "pydantic.BaseModel", "pydantic.BaseSettings",
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
