"""Parameters and multiply-adds of the published networks."""

from __future__ import annotations

import pytest

from vega_core import nn
from vega_tasks.classification.networks import (
    AlexNet,
    EfficientNet,
    MobileNetV2,
    MobileNetV3,
    PreActResNet,
    RegNetX,
    ResNet,
    Vgg,
    WideResNet,
)

# Network, height and width, parameters, multiply-adds: counted once on torchvision 0.28 (RegNetX:
# timm 1.0.29; CIFAR: pytorchcv 0.0.74) by hooks on convolutions and dense layers.
COUNTS = [
    (ResNet(18), 224, 11_689_512, 1_814_073_344),
    (ResNet(34), 224, 21_797_672, 3_663_761_408),
    (ResNet(50), 224, 25_557_032, 4_089_184_256),
    (ResNet(101), 224, 44_549_160, 7_801_405_440),
    (ResNet(152), 224, 60_192_808, 11_513_626_624),
    (ResNet(50, groups=32, width_per_group=4), 224, 25_028_904, 4_230_479_872),
    (ResNet(50, width_per_group=128), 224, 68_883_240, 11_398_021_120),
    (ResNet(20), 32, 272_474, 40_813_184),
    (ResNet(56), 32, 855_770, 125_747_840),
    (ResNet(110), 32, 1_730_714, 253_149_824),
    (PreActResNet(20), 32, 272_282, 40_813_184),
    (PreActResNet(56), 32, 855_578, 125_747_840),
    (PreActResNet(110), 32, 1_730_522, 253_149_824),
    (PreActResNet(164), 32, 1_703_258, 247_646_720),
    (PreActResNet(272, block="bottleneck"), 32, 2_816_090, 408_078_848),
    (WideResNet(16, 10), 32, 17_116_634, 2_412_173_568),
    (WideResNet(28, 10), 32, 36_479_194, 5_243_328_768),
    (WideResNet(28, 10, dropout=0.3), 32, 36_479_194, 5_243_328_768),
    (WideResNet(40, 8), 32, 35_748_314, 5_172_024_320),
    (RegNetX("200mf"), 224, 2_684_792, 199_039_872),
    (RegNetX("400mf"), 224, 5_157_512, 397_677_568),
    (RegNetX("600mf"), 224, 6_196_040, 600_890_112),
    (RegNetX("800mf"), 224, 7_259_656, 799_699_712),
    (RegNetX("1.6gf"), 224, 9_190_136, 1_602_849_792),
    (RegNetX("3.2gf"), 224, 15_296_552, 3_176_621_952),
    (RegNetX("4.0gf"), 224, 22_118_248, 3_964_498_816),
    (RegNetX("6.4gf"), 224, 26_209_256, 6_460_291_264),
    (RegNetX("8.0gf"), 224, 39_572_648, 7_995_132_416),
    (RegNetX("12gf"), 224, 46_106_056, 12_086_678_016),
    (RegNetX("16gf"), 224, 54_278_536, 15_940_755_456),
    (RegNetX("32gf"), 224, 107_811_560, 31_735_929_792),
    (EfficientNet("b0"), 224, 5_288_548, 385_814_752),
    (EfficientNet("b1"), 240, 7_794_184, 686_802_832),
    (EfficientNet("b2"), 260, 9_109_994, 993_561_872),
    (EfficientNet("b3"), 300, 12_233_232, 1_827_141_392),
    (EfficientNet("b4"), 380, 19_341_616, 4_393_771_024),
    (EfficientNet("b5"), 456, 30_389_784, 10_266_384_752),
    (EfficientNet("b6"), 528, 43_040_704, 19_067_593_536),
    (EfficientNet("b7"), 600, 66_347_960, 37_745_884_192),
    (MobileNetV2(), 224, 3_504_872, 300_774_272),
    (MobileNetV2(0.5), 224, 1_968_680, 97_131_840),
    (MobileNetV2(1.4), 224, 6_108_776, 582_195_824),
    (MobileNetV3("small"), 224, 2_542_856, 56_510_400),
    (MobileNetV3("large"), 224, 5_483_032, 216_589_760),
    (Vgg(11), 224, 132_863_336, 7_609_090_048),
    (Vgg(13), 224, 133_047_848, 11_308_466_176),
    (Vgg(16), 224, 138_357_544, 15_470_264_320),
    (Vgg(19), 224, 143_667_240, 19_632_062_464),
    (Vgg(11, batch_norm=True), 224, 132_868_840, 7_609_090_048),
    (Vgg(13, batch_norm=True), 224, 133_053_736, 11_308_466_176),
    (Vgg(16, batch_norm=True), 224, 138_365_992, 15_470_264_320),
    (Vgg(19, batch_norm=True), 224, 143_678_248, 19_632_062_464),
    (AlexNet(), 224, 61_100_840, 714_188_480),
]

# As papers print them: millions of parameters, billions of multiply-adds.
PUBLISHED = [
    (ResNet(50), 224, "25.56", "4.09"),
    (ResNet(152), 224, "60.19", "11.51"),
    (RegNetX("600mf"), 224, "6.2", "0.6"),
    (RegNetX("800mf"), 224, "7.26", "0.8"),
    (RegNetX("1.6gf"), 224, "9.19", "1.6"),
    (EfficientNet("b0"), 224, "5.29", "0.39"),
    (EfficientNet("b1"), 240, "7.79", "0.69"),
    (EfficientNet("b2"), 260, "9.11", "0.99"),
    (EfficientNet("b3"), 300, "12.23", "1.83"),
    (EfficientNet("b4"), 380, "19.34", "4.39"),
    (EfficientNet("b5"), 456, "30.39", "10.27"),
    (EfficientNet("b6"), 528, "43.04", "19.07"),
]


def stats(network: nn.Network, size: int) -> nn.Statistics:
    return nn.trace(network, {"image": nn.batched((3, size, size))}).stats()


@pytest.mark.parametrize(("network", "size", "params", "macs"), COUNTS)
def test_counts_are_exact(network: nn.Network, size: int, params: int, macs: int) -> None:
    counted = stats(network, size)
    assert (counted.params, counted.macs) == (params, macs)


@pytest.mark.parametrize(("network", "size", "millions", "billions"), PUBLISHED)
def test_counts_are_the_published_digits(
    network: nn.Network, size: int, millions: str, billions: str
) -> None:
    counted = stats(network, size)
    for count, unit, text in ((counted.params, 1e6, millions), (counted.macs, 1e9, billions)):
        assert f"{count / unit:.{len(text.partition('.')[2])}f}" == text


def test_another_number_of_classes_changes_the_last_layer_alone() -> None:
    for make, width in (
        (ResNet, 64),
        (PreActResNet, 64),
        (WideResNet, 640),
        (RegNetX, 528),
        (EfficientNet, 1280),
        (MobileNetV2, 1280),
        (MobileNetV3, 1024),
        (Vgg, 4096),
        (AlexNet, 4096),
    ):
        few, more = (stats(make(num_classes=n), 64) for n in (5, 12))  # type: ignore[operator]
        assert more.params - few.params == 7 * (width + 1)
        assert few.layers[-1].shape == (nn.BATCH, 5)
