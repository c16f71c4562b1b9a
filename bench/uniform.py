"""Tensors that every engine can make for itself, by the same integer hash as uniform.mjs."""

import math

import numpy as np

# Training steps whose losses are compared between the engines.
CHECKED_STEPS = 5


def fill(spec):
    """Tensor of a workload's specification: low + (high - low) * hash(i, seed) / 2^32 (see hashUniform)."""
    with np.errstate(over="ignore"):
        value = np.arange(np.prod(spec["shape"]), dtype=np.uint32) + np.uint32(spec["seed"]) * np.uint32(0x9E3779B9)
        value = (value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        value = (value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        value ^= value >> np.uint32(16)
    low, high = spec["low"], spec["high"]
    values = (low + (high - low) * (value / 2.0**32)).reshape(spec["shape"])
    return np.floor(values).astype(np.int64) if spec.get("dtype") == "int64" else values.astype(np.float32)


def initial(index, shape, gain):
    """Initial values by rule, as `initial` of uniform.mjs."""
    reach = math.sqrt(3 / math.prod(shape[1:])) if len(shape) > 1 else 0.05
    middle = 1 if gain else 0
    return fill({"shape": list(shape), "seed": 1000 + index, "low": middle - reach, "high": middle + reach})
