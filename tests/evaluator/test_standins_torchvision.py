"""Networks of the torchvision stand-in have the published numbers of parameters, and what they return has its form."""

import pytest

PUBLISHED = {
    "densenet121": 7_978_856,
    "mobilenet_v3_large": 5_483_032,
    "mobilenet_v3_small": 2_542_856,
    "efficientnet_b0": 5_288_548,
    "efficientnet_v2_s": 21_458_488,
    "convnext_tiny": 28_589_128,
    "vit_b_16": 86_567_656,
    "shufflenet_v2_x1_0": 2_278_604,
    "squeezenet1_0": 1_248_424,
    "squeezenet1_1": 1_235_496,
}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_network_has_the_published_number_of_parameters(repository, name) -> None:
    interpreter = repository("from torchvision import models\n")
    model = interpreter.build("model.py", f"models.{name}(pretrained=True)")
    assert sum(p.numel() for p in model.parameters()) == PUBLISHED[name]
    assert interpreter.unknown_parts(model) == ()


@pytest.mark.parametrize(
    ("build", "shape", "outputs"),
    [
        ("models.squeezenet1_1(num_classes=5)", [2, 3, 64, 64], [(2, 5)]),
        ("models.densenet.DenseNet(4, (2, 2), 8)", [2, 3, 64, 64], [(2, 1000)]),
        (
            "models.segmentation.DeepLabV3(models._utils.IntermediateLayerGetter("
            "models.resnet18(), {'layer4': 'out'}), models.segmentation.FCNHead(512, 3))",
            [2, 3, 64, 64],
            [(2, 3, 64, 64)],
        ),
    ],
)
def test_what_a_network_returns(repository, build, shape, outputs) -> None:
    interpreter = repository("from torchvision import models\n")
    recording = interpreter.call(interpreter.build("model.py", build), [interpreter.tensor(shape)])
    assert recording.error is None
    assert [tuple(map(int, map(str, tensor.shape))) for tensor in recording.outputs] == outputs


def test_a_deformable_convolution_has_the_sizes_of_a_plain_one(repository) -> None:
    interpreter = repository("from torchvision.ops import DeformConv2d\n")
    layer = interpreter.build("model.py", "DeformConv2d(4, 6, 3, stride=2, padding=1)")
    sizes = [2, 4, 9, 9], [2, 18, 5, 5]
    recording = interpreter.call(layer, [interpreter.tensor(size) for size in sizes])
    assert [tuple(map(int, map(str, tensor.shape))) for tensor in recording.outputs] == [(2, 6, 5, 5)]
