"""The networks of this folder's .mjs files in PyTorch: each `forward` is the loss, or the output, of the workload's data and noise."""

import torch
from torch import nn

from uniform import initial

from .hierarchical import HierarchicalLoss
from .pixelcnn import PixelCNNLoss, PixelCNNPass
from .realnvp import RealNVPLoss
from .transformer import TransformerLoss
from .unet import Denoiser, DenoisingLoss
from .vq_vae import VQVAELoss
from .wgan import CriticLoss, GeneratorLoss

networks = {
    "unet": DenoisingLoss,
    "unet-sample": Denoiser,
    "pixelcnn": PixelCNNLoss,
    "pixelcnn-pass": PixelCNNPass,
    "wgan-critic": CriticLoss,
    "wgan-generator": GeneratorLoss,
    "realnvp": RealNVPLoss,
    "vq-vae": VQVAELoss,
    "hierarchical": HierarchicalLoss,
    "transformer": TransformerLoss,
}


def build(kind):
    """The network, with initial values by rule: parameters in the order of the layers, then states that are matrices."""
    model = networks[kind]()
    normalizations = (nn.GroupNorm, nn.BatchNorm2d, nn.LayerNorm)
    targets = [
        (value, name == "weight" and isinstance(module, normalizations))
        for module in model.modules()
        for name, value in module.named_parameters(recurse=False)
    ]
    kept = {name for name, _ in model.named_parameters()}
    targets += [(value, False) for name, value in model.state_dict().items() if name not in kept and value.ndim > 1]
    with torch.no_grad():
        for index, (value, gain) in enumerate(targets):
            value.copy_(torch.from_numpy(initial(index, value.shape, gain)))
    return model
