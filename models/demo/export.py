"""Turns a checkpoint of train.py into ggml files.

python3 export.py CHECKPOINT.pt ggml-demo-f16.bin [--q8-0 ggml-demo-q8_0.bin]
"""

import argparse

import numpy as np
import torch

import ggml
import tokens
from mel import filter_bank


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("out", help="the model with 16-bit weights")
    parser.add_argument("--q8-0", help="the same with 8-bit weights")
    options = parser.parse_args()

    checkpoint = torch.load(options.checkpoint)
    weights = {name: tensor.float().numpy() for name, tensor in checkpoint["network"].items()}
    pieces = checkpoint["pieces"]

    tensors = {name: weights[name] for name in weights if name.startswith(("encoder.", "decoder."))}
    tensors["decoder.token_embedding.weight"] = all_embeddings(weights, pieces)
    for convolution in ("encoder.conv1.bias", "encoder.conv2.bias"):
        tensors[convolution] = tensors[convolution][:, None]
    tensors = with_idle_layer(tensors)

    width = weights["encoder.ln_post.weight"].shape[0]
    header = ggml.dimensions(
        width, width // 64, layers(tensors, "encoder"), layers(tensors, "decoder"), tokens.ALL_TOKENS, mels=80
    )
    vocabulary = pieces + [b""] * (tokens.TEXT_TOKENS - len(pieces))
    ggml.write_model(options.out, header, filter_bank(80), vocabulary, {name: stored(name, tensors[name]) for name in tensors})
    if options.q8_0:
        ggml.quantise(options.out, options.q8_0)
    print(f"{len(tensors)} tensors, {len(pieces)} word pieces")


def all_embeddings(weights, pieces):
    """[51865, width]: training knows only the tokens in use; all others share the row of class 0, which it pushed down."""
    trained = weights["decoder.token_embedding.weight"]
    trained[-tokens.TIMESTAMPS :] += weights["time_waves"] @ weights["time_weights"]
    table = np.repeat(trained[:1], tokens.ALL_TOKENS, 0)
    table[tokens.used_tokens(pieces)] = trained[1:]
    return table


def with_idle_layer(tensors):
    """Puts a decoder layer that adds nothing in front of two: programs take a model with exactly two for an early
    distilled one, which has no timestamps."""
    if layers(tensors, "decoder") != 2:
        return tensors
    moved = {}
    for name, tensor in tensors.items():
        if name.startswith("decoder.blocks."):
            _, _, layer, rest = name.split(".", 3)
            moved[f"decoder.blocks.{int(layer) + 1}.{rest}"] = tensor
            if layer == "0":
                is_scale = "_ln" in name and name.endswith("weight")
                moved[name] = np.ones_like(tensor) if is_scale else np.zeros_like(tensor)
        else:
            moved[name] = tensor
    return moved


def layers(tensors, side):
    return 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith(f"{side}.blocks."))


def stored(name, tensor):
    """Matrices in 16 bits; what is added (biases, positions) and norms in 32."""
    is_matrix = tensor.ndim >= 2 and "bias" not in name and "positional" not in name
    return tensor.astype(np.float16 if is_matrix else np.float32)


if __name__ == "__main__":
    main()
