"""The hierarchical VAE of hierarchical.mjs."""

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, LATENT = 32, 8


def bottleneck(inputs, outputs, size):
    kernel, padding = (3, 1) if size > 1 else (1, 0)
    return nn.Sequential(
        nn.GELU(), nn.Conv2d(inputs, 16, 1), nn.GELU(), nn.Conv2d(16, 16, kernel, padding=padding),
        nn.GELU(), nn.Conv2d(16, 16, kernel, padding=padding), nn.GELU(), nn.Conv2d(16, outputs, 1),
    )  # fmt: skip


class TopDownBlock(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.posterior = bottleneck(2 * WIDTH, 2 * LATENT, size)
        self.prior = bottleneck(WIDTH, 2 * LATENT + WIDTH, size)
        self.project = nn.Conv2d(LATENT, WIDTH, 1)
        self.residual = bottleneck(WIDTH, WIDTH, size)

    def forward(self, h, features, eps):
        q_mean, q_log_var = self.posterior(torch.cat([h, features], dim=1)).chunk(2, dim=1)
        p_mean, p_log_var, shortcut = self.prior(h).split([LATENT, LATENT, WIDTH], dim=1)
        z = q_mean + (0.5 * q_log_var).exp() * eps
        ratio = (q_log_var.exp() + (q_mean - p_mean).square()) * (-p_log_var).exp()
        h = h + shortcut + self.project(z)
        return h + self.residual(h), 0.5 * (ratio - 1 - q_log_var + p_log_var).sum()


class HierarchicalLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.top = nn.Parameter(torch.zeros(WIDTH))
        self.first = nn.Conv2d(1, WIDTH, 3, padding=1)
        self.encoder = nn.ModuleList(
            nn.ModuleList(bottleneck(WIDTH, WIDTH, size) for _ in range(2)) for size in (28, 14, 7, 1)
        )
        self.decoder = nn.ModuleList(
            nn.ModuleList(TopDownBlock(size) for _ in range(latents)) for size, latents in ((1, 2), (7, 4), (14, 4), (28, 2))
        )
        self.last = nn.Conv2d(WIDTH, 1, 1)

    def forward(self, x, *noise):
        features, h = [], self.first(x)
        for blocks, factor in zip(self.encoder, (1, 2, 2, 7)):
            h = F.avg_pool2d(h, factor) if factor > 1 else h
            for block in blocks:
                h = h + block(h)
            features.append(h)
        h, rate, noise = self.top.view(1, WIDTH, 1, 1).expand_as(h), 0, list(noise)
        for blocks, factor in zip(self.decoder, (1, 7, 2, 2)):
            h = F.interpolate(h, scale_factor=factor, mode="nearest") if factor > 1 else h
            seen = features.pop()
            for block in blocks:
                h, part = block(h, seen, noise.pop(0))
                rate = rate + part
        return (F.binary_cross_entropy_with_logits(self.last(h), x, reduction="sum") + rate) / x.numel()
