"""The networks in JAX as its users write them: pure functions with jit, channels-last images and donated state."""

from uniform import CHECKED_STEPS, fill


def jax_engine(workload):
    from functools import partial

    import jax
    import jax.numpy as jnp
    from jax import lax, nn, random

    parameters = []
    for spec in workload["parameters"]:
        value = fill(spec)
        # Kernels as flax keeps them: [kh, kw, in, out] for both kinds of convolution.
        if value.ndim == 4:
            value = value.transpose(2, 3, 0, 1)[::-1, ::-1] if "decoder" in spec["name"] else value.transpose(2, 3, 1, 0)
        parameters.append(jnp.asarray(value))

    def prepared(spec):
        value = fill(spec)
        return [jnp.asarray(x) for x in (value.transpose(0, 1, 3, 4, 2) if value.ndim == 5 else value)]

    rings = [prepared(spec) for spec in workload["data"]]
    layout = ("NHWC", "HWIO", "NHWC")

    def dense(x, w, b):
        return x @ w + b

    def conv(x, w, b, stride):
        padding = [(1, 1), (1, 1)]
        return lax.conv_general_dilated(x, w, (stride, stride), padding, dimension_numbers=layout) + b

    def conv_transpose(x, w, b):
        # Stride 2, kernel 4, padding 1 in PyTorch's terms: exactly "SAME".
        return lax.conv_transpose(x, w, (2, 2), "SAME", dimension_numbers=layout) + b

    def reparameterized(mean, log_var, key):
        noise = jnp.zeros_like(mean) if key is None else random.normal(key, mean.shape)
        return mean + jnp.exp(0.5 * log_var) * noise

    def neg_elbo(x, logits, mean, log_var):
        distortion = jnp.sum(nn.softplus(logits) - x * logits)
        rate = -0.5 * jnp.sum(1 + log_var - mean**2 - jnp.exp(log_var))
        return (distortion + rate) / x.shape[0]

    def vae_mlp(p, x, key):
        w0, b0, w1, b1, w2, b2, w3, b3 = p
        mean, log_var = jnp.split(dense(nn.relu(dense(x, w0, b0)), w1, b1), 2, axis=1)
        return neg_elbo(x, dense(nn.relu(dense(reparameterized(mean, log_var, key), w2, b2)), w3, b3), mean, log_var)

    def vae_conv(p, x, key):
        w0, b0, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = p
        h = nn.relu(conv(nn.relu(conv(x, w0, b0, 2)), w1, b1, 2))
        h = h.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)
        mean, log_var = jnp.split(dense(h, w2, b2), 2, axis=1)
        h = nn.relu(dense(reparameterized(mean, log_var, key), w3, b3))
        h = h.reshape(-1, 64, 7, 7).transpose(0, 2, 3, 1)
        return neg_elbo(x, conv_transpose(nn.relu(conv_transpose(h, w4, b4)), w5, b5), mean, log_var)

    def residual(p, x, target, key):
        h = x
        for w, b in zip(p[::2], p[1::2]):
            h = h + nn.relu(conv(h, w, b, 1))
        return jnp.mean((h - target) ** 2)

    def mlp(p, x, target, key):
        w0, b0, w1, b1, w2, b2 = p
        h = nn.relu(dense(nn.relu(dense(x, w0, b0)), w1, b1))
        return jnp.mean((dense(h, w2, b2) - target) ** 2)

    def encode(p, x, key):
        w0, b0, w1, b1 = p
        return dense(nn.relu(dense(x, w0, b0)), w1, b1)

    def sample(p, z, key):
        w0, b0, w1, b1 = p
        z = z if key is None else random.normal(key, z.shape)
        return nn.sigmoid(dense(nn.relu(dense(z, w0, b0)), w1, b1))

    networks = {
        "vae-mlp": vae_mlp, "vae-conv": vae_conv, "residual": residual, "mlp": mlp, "encode": encode, "sample": sample,
    }  # fmt: skip
    network = networks[workload["kind"]]

    def adam(p, m, v, g, t):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    @partial(jax.jit, donate_argnums=0, static_argnums=1)
    def train(state, noisy, *batch):
        p, m, v, t, key = state
        key, sample_key = random.split(key)
        loss, gradients = jax.value_and_grad(network)(p, *batch, sample_key if noisy else None)
        t = t + 1
        updated = [adam(*leaf, t) for leaf in zip(p, m, v, gradients)]
        p, m, v = (list(part) for part in zip(*updated))
        return (p, m, v, t, key), loss

    @partial(jax.jit, static_argnums=2)
    def forward(p, key, noisy, *batch):
        key, sample_key = random.split(key)
        return network(p, *batch, sample_key if noisy else None), key

    zeros = lambda: [jnp.zeros_like(p) for p in parameters]  # noqa: E731
    state = (parameters, zeros(), zeros(), jnp.float32(0), random.key(0))
    key = random.key(1)
    position = CHECKED_STEPS

    def batch(step):
        return [ring[step % len(ring)] for ring in rings]

    def check_at(step):
        nonlocal state
        if not workload["trains"]:
            return float(jnp.mean(jnp.square(forward(parameters, key, False, *batch(step))[0])))
        state, loss = train(state, False, *batch(step))
        return float(loss)

    def run(steps):
        nonlocal state, key, position
        for position in range(position, position + steps):
            if workload["trains"]:
                state, result = train(state, True, *batch(position))
            else:
                result, key = forward(parameters, key, True, *batch(position))
        position += 1
        jax.block_until_ready((state, result))

    return check_at, run, f"JAX {jax.__version__}, jit, donated state, channels-last"
