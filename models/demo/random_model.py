"""Writes a tiny model of large-v3's layout (128 mels, 51,866 tokens) with random weights: for tests of the layout alone.

python3 random_model.py OUT.bin
"""

import sys

import numpy as np

import ggml
from mel import filter_bank

WIDTH, LAYERS, TOKENS, MELS = 64, 2, 51_866, 128


def main(path):
    chance = np.random.default_rng(20261120)
    tensors = {}

    def linear(name, rows, columns, bias=True):
        tensors[name + ".weight"] = chance.normal(0, columns**-0.5, (rows, columns)).astype(np.float16)
        if bias:
            tensors[name + ".bias"] = chance.normal(0, 0.1, rows).astype(np.float32)

    def norm(name):
        tensors[name + ".weight"] = chance.normal(1, 0.1, WIDTH).astype(np.float32)
        tensors[name + ".bias"] = chance.normal(0, 0.1, WIDTH).astype(np.float32)

    steps = np.exp(-np.log(10_000) / (WIDTH // 2 - 1) * np.arange(WIDTH // 2))
    angles = np.arange(1500)[:, None] * steps
    tensors["encoder.positional_embedding"] = np.concatenate([np.sin(angles), np.cos(angles)], 1).astype(np.float32)
    for name, inputs in (("encoder.conv1", MELS), ("encoder.conv2", WIDTH)):
        tensors[name + ".weight"] = chance.normal(0, (3 * inputs) ** -0.5, (WIDTH, inputs, 3)).astype(np.float16)
        tensors[name + ".bias"] = chance.normal(0, 0.1, (WIDTH, 1)).astype(np.float32)
    norm("encoder.ln_post")
    norm("decoder.ln")
    tensors["decoder.positional_embedding"] = chance.normal(0, 0.1, (448, WIDTH)).astype(np.float32)
    tensors["decoder.token_embedding.weight"] = chance.normal(0, 0.3, (TOKENS, WIDTH)).astype(np.float16)
    for side, attentions in (("encoder", ["attn"]), ("decoder", ["attn", "cross_attn"])):
        for layer in range(LAYERS):
            block = f"{side}.blocks.{layer}."
            for attention in attentions:
                norm(block + attention + "_ln")
                linear(block + attention + ".query", WIDTH, WIDTH)
                linear(block + attention + ".key", WIDTH, WIDTH, bias=False)
                linear(block + attention + ".value", WIDTH, WIDTH)
                linear(block + attention + ".out", WIDTH, WIDTH)
            norm(block + "mlp_ln")
            linear(block + "mlp.0", 4 * WIDTH, WIDTH)
            linear(block + "mlp.2", WIDTH, 4 * WIDTH)

    vocabulary = [bytes([value]) for value in range(256)] + [f"<{token}>".encode() for token in range(256, 50_257)]
    header = ggml.dimensions(WIDTH, 1, LAYERS, LAYERS, TOKENS, MELS)
    ggml.write_model(path, header, filter_bank(MELS), vocabulary, tensors)


if __name__ == "__main__":
    main(sys.argv[1])
