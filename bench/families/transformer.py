"""The transformer of transformer.mjs."""

from torch import nn
from torch.nn import functional as F

from .attention import Attention


class TransformerBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(128)
        self.attention = Attention(128, 8, causal=True)
        self.norm2 = nn.LayerNorm(128)
        self.mlp = nn.Sequential(nn.Linear(128, 512), nn.GELU(), nn.Linear(512, 128))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TransformerLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(256, 128), nn.Embedding(64, 128)
        self.blocks = nn.Sequential(*(TransformerBlock() for _ in range(4)))
        self.norm = nn.LayerNorm(128)
        self.logits = nn.Linear(128, 256)

    def forward(self, tokens, targets):
        h = self.blocks(self.tokens(tokens) + self.positions.weight)
        return F.cross_entropy(self.logits(self.norm(h)).flatten(0, 1), targets.flatten())
