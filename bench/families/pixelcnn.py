"""The PixelCNN of pixelcnn.mjs."""

import torch
from torch import nn
from torch.nn import functional as F


class MaskedConv(nn.Conv2d):
    def __init__(self, inputs, outputs, kernel, kind):
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        middle = kernel // 2
        mask = torch.zeros(kernel, kernel)
        mask[:middle] = 1
        mask[middle, : middle + (kind == "B")] = 1
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class GatedBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.masked = MaskedConv(32, 64, 3, "B")
        self.mix = nn.Conv2d(32, 32, 1)

    def forward(self, x):
        signal, gate = self.masked(x).chunk(2, dim=1)
        return x + self.mix(signal.tanh() * gate.sigmoid())


def pixel_cnn():
    blocks = [GatedBlock() for _ in range(8)]
    return nn.Sequential(MaskedConv(1, 32, 7, "A"), *blocks, nn.ReLU(), nn.Conv2d(32, 32, 1), nn.ReLU(), nn.Conv2d(32, 1, 1))


class PixelCNNLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = pixel_cnn()

    def forward(self, x):
        return F.binary_cross_entropy_with_logits(self.network(x), x, reduction="sum") / x.shape[0]


class PixelCNNPass(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = pixel_cnn()

    def forward(self, x):
        return self.network(x).sigmoid()
