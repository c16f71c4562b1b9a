#!/bin/sh
# Makes .bench-env/ with the Python libraries Latentkit is measured and checked against (numbers only; never a dependency).
# Another Python that has them serves as well: LATENTKIT_PYTHON=/path/to/python npm run bench
set -e
cd "$(dirname "$0")/.."
python3 -m venv .bench-env
.bench-env/bin/pip install --quiet --disable-pip-version-check --retries 0 --timeout 2 \
  torch jax onnx scikit-learn safetensors numpy
