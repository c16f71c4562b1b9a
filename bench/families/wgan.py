"""The WGAN of wgan.mjs."""

import torch
from torch import nn


def critic_network():
    return nn.Sequential(
        nn.Conv2d(1, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 1),
    )  # fmt: skip


def generator_network():
    return nn.Sequential(
        nn.Linear(64, 64 * 7 * 7), nn.Unflatten(1, (64, 7, 7)), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip


class CriticLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic, self.generator = critic_network(), generator_network().requires_grad_(False)

    def forward(self, x, z, u):
        fake = self.generator(z)
        mixed = (fake + u * (x - fake)).requires_grad_()
        (gradient,) = torch.autograd.grad(self.critic(mixed).sum(), mixed, create_graph=True)
        norm = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
        return self.critic(fake).mean() - self.critic(x).mean() + 10 * (norm - 1).square().mean()


class GeneratorLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic, self.generator = critic_network().requires_grad_(False), generator_network()

    def forward(self, z):
        return -self.critic(self.generator(z)).mean()
