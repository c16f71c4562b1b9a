"""The flow of realnvp.mjs."""

import torch
from torch import nn
from torch.nn import functional as F


class Coupling(nn.Module):
    def __init__(self, second):
        super().__init__()
        self.network = nn.Sequential(
            nn.Conv2d(2, 48, 3, padding=1), nn.ReLU(), nn.Conv2d(48, 48, 1), nn.ReLU(), nn.Conv2d(48, 4, 3, padding=1)
        )
        self.second = second

    def forward(self, x):
        first, last = x.chunk(2, dim=1)
        kept, changed = (last, first) if self.second else (first, last)
        scale, shift = self.network(kept).chunk(2, dim=1)
        log_scale = scale.tanh()
        moved = changed * log_scale.exp() + shift
        return torch.cat([moved, kept] if self.second else [kept, moved], dim=1), log_scale.flatten(1).sum(1)


class RealNVPLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.couplings = nn.ModuleList(Coupling(i % 2 == 1) for i in range(8))

    def forward(self, x, u):
        inside = (x * (255 / 256) + u / 256) * 0.9 + 0.05
        z, log_det = F.pixel_unshuffle(inside.log() - (1 - inside).log(), 2), 0
        for coupling in self.couplings:
            z, part = coupling(z)
            log_det = log_det + part
        return (0.5 * z.square().flatten(1).sum(1) - log_det).mean()
