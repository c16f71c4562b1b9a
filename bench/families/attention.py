"""Multi-head attention as PyTorch users write it, for the U-Net and the transformer."""

from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, dim, heads, causal=False):
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(dim, dim) for _ in range(4))
        self.heads, self.causal = heads, causal

    def forward(self, x):
        batch, time, dim = x.shape
        q, k, v = (layer(x).view(batch, time, self.heads, -1).transpose(1, 2) for layer in (self.query, self.key, self.value))
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.output(attended.transpose(1, 2).reshape(batch, time, dim))
