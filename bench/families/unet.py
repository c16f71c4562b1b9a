"""The U-Net of unet.mjs."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from .attention import Attention


class UNetBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.level = nn.Linear(128, outputs)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, embedding):
        h = self.conv1(F.silu(self.norm1(x))) + self.level(embedding)[:, :, None, None]
        return self.skip(x) + self.conv2(F.silu(self.norm2(h)))


class PixelAttention(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.attention = Attention(channels, heads)

    def forward(self, x):
        pixels = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.attention(pixels).transpose(1, 2).reshape(x.shape)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.level1, self.level2 = nn.Linear(32, 128), nn.Linear(128, 128)
        self.first = nn.Conv2d(1, 32, 3, padding=1)
        self.down28 = UNetBlock(32, 32)
        self.to14 = nn.Conv2d(32, 32, 3, stride=2, padding=1)
        self.down14 = UNetBlock(32, 64)
        self.to7 = nn.Conv2d(64, 64, 3, stride=2, padding=1)
        self.down7 = UNetBlock(64, 64)
        self.middle1, self.attention, self.middle2 = UNetBlock(64, 64), PixelAttention(64, 4), UNetBlock(64, 64)
        self.up7, self.from7 = UNetBlock(128, 64), Upsample(64)
        self.up14, self.from14 = UNetBlock(128, 64), Upsample(64)
        self.up28 = UNetBlock(96, 32)
        self.norm = nn.GroupNorm(8, 32)
        self.last = nn.Conv2d(32, 1, 3, padding=1)
        self.register_buffer("frequencies", torch.exp(-math.log(10000) * torch.arange(16) / 16), persistent=False)

    def forward(self, x, levels):
        angles = levels[:, None] * self.frequencies
        embedding = F.silu(self.level2(F.silu(self.level1(torch.cat([angles.sin(), angles.cos()], dim=1)))))
        h28 = self.down28(self.first(x), embedding)
        h14 = self.down14(self.to14(h28), embedding)
        h7 = self.down7(self.to7(h14), embedding)
        h = self.middle2(self.attention(self.middle1(h7, embedding)), embedding)
        h = self.from7(self.up7(torch.cat([h, h7], dim=1), embedding))
        h = self.from14(self.up14(torch.cat([h, h14], dim=1), embedding))
        h = self.up28(torch.cat([h, h28], dim=1), embedding)
        return self.last(F.silu(self.norm(h)))


class Denoiser(nn.Module):
    """One denoising pass with the preconditioning of EDM."""

    def __init__(self):
        super().__init__()
        self.network = UNet()

    def forward(self, x, sigma):
        variance = sigma.square() + 0.25
        levels = 250 * sigma.log().flatten()
        output = self.network(x / variance.sqrt(), levels)
        return 0.25 / variance * x + 0.5 * sigma / variance.sqrt() * output


class DenoisingLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.denoiser = Denoiser()

    def forward(self, x, n, eps):
        sigma = (1.2 * n - 1.2).exp()
        weight = (sigma.square() + 0.25) / (0.5 * sigma).square()
        return (weight * (self.denoiser(x + sigma * eps, sigma) - x).square()).mean()
