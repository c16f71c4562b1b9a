"""The networks in PyTorch as its users write them: torch.nn modules with fused Adam, through torch.compile or not."""

from uniform import CHECKED_STEPS, fill


def torch_engine(workload, threads, compiled, device):
    import torch
    from torch import nn
    from torch.nn import functional as F

    import families

    torch.set_num_threads(threads)
    torch.manual_seed(0)

    def parameters():
        for spec in workload["parameters"]:
            value = torch.from_numpy(fill(spec))
            # torch.nn.Linear stores [out, in].
            yield value.t().contiguous() if value.ndim == 2 else value

    values = parameters()

    def given(module):
        with torch.no_grad():
            module.weight.copy_(next(values))
            module.bias.copy_(next(values))
        return module

    def linear(inputs, outputs):
        return given(nn.Linear(inputs, outputs))

    class VAE(nn.Module):
        def __init__(self, encoder, decoder):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def forward(self, x, noisy):
            mean, log_var = self.encoder(x).chunk(2, dim=1)
            z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean) if noisy else mean
            distortion = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
            rate = -0.5 * torch.sum(1 + log_var - mean.square() - log_var.exp())
            return (distortion + rate) / x.shape[0]

    class Regression(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x, target, noisy):
            return F.mse_loss(self.network(x), target)

    class Residual(nn.Module):
        def __init__(self, convolution):
            super().__init__()
            self.convolution = convolution

        def forward(self, x):
            return x + F.relu(self.convolution(x))

    class Decode(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, z, noisy):
            return torch.sigmoid(self.network(torch.randn_like(z) if noisy else z))

    class Encode(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x, noisy):
            return self.network(x)

    kind = workload["kind"]
    if kind == "vae-mlp":
        encoder = nn.Sequential(linear(784, 400), nn.ReLU(), linear(400, 40))
        model = VAE(encoder, nn.Sequential(linear(20, 400), nn.ReLU(), linear(400, 784)))
    elif kind == "vae-conv":
        encoder = nn.Sequential(
            given(nn.Conv2d(1, 32, 4, 2, 1)), nn.ReLU(), given(nn.Conv2d(32, 64, 4, 2, 1)), nn.ReLU(),
            nn.Flatten(), linear(64 * 7 * 7, 40),
        )  # fmt: skip
        decoder = nn.Sequential(
            linear(20, 64 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
            given(nn.ConvTranspose2d(64, 32, 4, 2, 1)), nn.ReLU(), given(nn.ConvTranspose2d(32, 1, 4, 2, 1)),
        )  # fmt: skip
        model = VAE(encoder, decoder)
    elif kind == "residual":
        model = Regression(nn.Sequential(*[Residual(given(nn.Conv2d(64, 64, 3, 1, 1))) for _ in range(8)]))
    elif kind == "mlp":
        model = Regression(nn.Sequential(linear(2, 64), nn.ReLU(), linear(64, 64), nn.ReLU(), linear(64, 2)))
    elif kind == "encode":
        model = Encode(nn.Sequential(linear(784, 400), nn.ReLU(), linear(400, 40)))
    elif kind == "sample":
        model = Decode(nn.Sequential(linear(20, 400), nn.ReLU(), linear(400, 784)))
    else:
        model = families.build(kind)

    model.to(device)
    rings = [list(torch.from_numpy(fill(spec)).to(device)) for spec in workload["data"]]
    network = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3, fused=True)
    fixed_noise = [torch.from_numpy(fill(spec)).to(device) for spec in workload.get("noise", [])]
    distributions = {"normal": torch.randn, "uniform": torch.rand}

    def call(step, noisy):
        batch = [ring[step % len(ring)] for ring in rings]
        if kind not in families.networks:
            return network(*batch, noisy=noisy)
        # Sampled outside, so that the check and the timed steps are one compiled graph.
        noise = [distributions[spec["distribution"]](spec["shape"], device=device) for spec in workload["noise"]] if noisy else fixed_noise
        return network(*batch, *noise)

    def train(step, noisy):
        optimizer.zero_grad()
        loss = call(step, noisy)
        loss.backward()
        optimizer.step()
        return loss

    def forward(step, noisy):
        with torch.inference_mode():
            return call(step, noisy)

    position = CHECKED_STEPS

    def check_at(step):
        if not workload["trains"]:
            return forward(step, False).square().mean().item()
        return train(step, False).item()

    def run(steps):
        nonlocal position
        for position in range(position, position + steps):
            if workload["trains"]:
                train(position, True)
            else:
                forward(position, True)
        position += 1
        if device == "cuda":
            torch.cuda.synchronize()

    where = torch.cuda.get_device_name() if device == "cuda" else f"{threads} threads"
    note = f"PyTorch {torch.__version__}, fused Adam, {where}"
    return check_at, run, note
