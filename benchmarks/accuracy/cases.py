"""What is compared: where a model's source lies, how it is built, what it is called with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """`root` is a repository under --repos, an installed package's folder under --packages, or `own`."""

    root: str
    file: str
    build: str
    inputs: tuple[str, ...]


IMAGE = ("x: float32[B=2, 3, H=32, W=32]",)
TOKENS = ("idx: int64[B=2, T=16]",)

REPOSITORIES = (
    Case("nanoGPT", "model.py", "GPT(GPTConfig())", TOKENS),
    Case("minGPT", "mingpt/model.py", "c = GPT.get_default_config(); c.model_type = 'gpt2'; c.vocab_size = 50257; c.block_size = 1024; GPT(c)", TOKENS),
    *(
        Case("pytorch-cifar", f"models/{file}.py", build, IMAGE)
        for file, build in (
            ("resnet", "ResNet18()"), ("resnet", "ResNet50()"), ("preact_resnet", "PreActResNet18()"), ("vgg", "VGG('VGG16')"),
            ("googlenet", "GoogLeNet()"), ("densenet", "DenseNet121()"), ("resnext", "ResNeXt29_2x64d()"), ("mobilenet", "MobileNet()"),
            ("mobilenetv2", "MobileNetV2()"), ("dpn", "DPN26()"), ("shufflenetv2", "ShuffleNetV2(1)"), ("senet", "SENet18()"),
            ("efficientnet", "EfficientNetB0()"), ("regnet", "RegNetX_200MF()"), ("dla_simple", "SimpleDLA()"), ("dla", "DLA()"),
            ("pnasnet", "PNASNetA()"), ("lenet", "LeNet()"),
        )
    ),
    Case("vit-pytorch", "vit_pytorch/vit.py", "ViT(image_size=64, patch_size=8, num_classes=10, dim=64, depth=2, heads=4, mlp_dim=128)", ("img: float32[B=2, 3, 64, 64]",)),
    Case("vit-pytorch", "vit_pytorch/simple_vit.py", "SimpleViT(image_size=64, patch_size=8, num_classes=10, dim=64, depth=2, heads=4, mlp_dim=128)", ("img: float32[B=2, 3, 64, 64]",)),
    Case("vit-pytorch", "vit_pytorch/cait.py", "CaiT(image_size=64, patch_size=8, num_classes=10, dim=64, depth=2, cls_depth=1, heads=4, mlp_dim=128)", ("img: float32[B=2, 3, 64, 64]",)),
    Case("vit-pytorch", "vit_pytorch/levit.py", "LeViT(image_size=64, num_classes=10, stages=3, dim=(32, 48, 64), depth=1, heads=(2, 3, 4), mlp_mult=2)", ("img: float32[B=2, 3, 64, 64]",)),
    Case("vit-pytorch", "vit_pytorch/cvt.py", "CvT(num_classes=10)", ("x: float32[B=2, 3, 64, 64]",)),
)  # fmt: skip

OWN = tuple(
    Case(
        "own",
        "model.py",
        f"from reference_model.config import PRESETS; GPT(PRESETS['{preset}'])",
        ("tokens: int64[B=2, T=16]",),
    )
    for preset in ("classic", "tiny", "small", "medium")
)

PACKAGES = (
    Case("x_transformers", "x_transformers.py", "TransformerWrapper(num_tokens=256, max_seq_len=64, attn_layers=Decoder(dim=64, depth=2, heads=4))", ("x: int64[B=2, T=16]",)),
    Case("efficientnet_pytorch", "model.py", "EfficientNet.from_name('efficientnet-b0')", ("inputs: float32[B=2, 3, 64, 64]",)),
    Case("denoising_diffusion_pytorch", "denoising_diffusion_pytorch.py", "Unet(dim=16, dim_mults=(1, 2))", ("x: float32[B=2, 3, 32, 32]", "time: float32[B=2]")),
    Case("denoising_diffusion_pytorch", "denoising_diffusion_pytorch_1d.py", "Unet1D(dim=16, dim_mults=(1, 2), channels=8)", ("x: float32[B=2, 8, 32]", "time: float32[B=2]")),
    Case("vector_quantize_pytorch", "vector_quantize_pytorch.py", "VectorQuantize(dim=32, codebook_size=64)", ("x: float32[B=2, T=16, 32]",)),
    Case("vector_quantize_pytorch", "finite_scalar_quantization.py", "FSQ(levels=[8, 5, 5, 5], dim=32)", ("z: float32[B=2, T=16, 32]",)),
    Case("conformer", "conformer.py", "ConformerBlock(dim=64, dim_head=16, heads=4)", ("x: float32[B=2, T=16, 64]",)),
    Case("conformer", "conformer.py", "Conformer(dim=64, depth=2, dim_head=16, heads=4)", ("x: float32[B=2, T=16, 64]",)),
    Case("timm", "models/vision_transformer.py", "VisionTransformer(img_size=64, depth=2)", ("x: float32[B=2, 3, 64, 64]",)),
    Case("timm", "models/resnet.py", "ResNet(BasicBlock, [2, 2, 2, 2])", ("x: float32[B=2, 3, 64, 64]",)),
    Case("timm", "models/convnext.py", "ConvNeXt(depths=(1, 1, 2, 1), dims=(32, 64, 96, 128))", ("x: float32[B=2, 3, 64, 64]",)),
    Case("timm", "models/mlp_mixer.py", "MlpMixer(img_size=64, num_blocks=2)", ("x: float32[B=2, 3, 64, 64]",)),
)  # fmt: skip
