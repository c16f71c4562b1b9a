"""The VQ-VAE of vq-vae.mjs."""

import torch
from torch import nn
from torch.nn import functional as F


class VQVAELoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 32, 1)
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Sigmoid(),
        )  # fmt: skip
        self.register_buffer("sums", torch.zeros(256, 32))
        self.register_buffer("counts", torch.ones(256))

    def quantize(self, z):
        with torch.no_grad():
            total = self.counts.sum()
            codebook = self.sums / ((self.counts + 1e-5) / (total + 256e-5) * total)[:, None]
            vectors = z.permute(0, 2, 3, 1).reshape(-1, 32)
            indices = (codebook.square().sum(1) - 2 * vectors @ codebook.t()).argmin(1)
            assigned = F.one_hot(indices, 256).float()
            self.counts.lerp_(assigned.sum(0), 0.01)
            self.sums.lerp_(assigned.t() @ vectors, 0.01)
            n, _, h, w = z.shape
            return F.embedding(indices, codebook).view(n, h, w, 32).permute(0, 3, 1, 2)

    def forward(self, x):
        z = self.encoder(x)
        quantized = self.quantize(z)
        reconstruction = self.decoder(z + (quantized - z).detach())
        return F.mse_loss(reconstruction, x) + 0.25 * F.mse_loss(z, quantized)
