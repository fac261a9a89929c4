"""Writes Whisper models as ggml files: header, mel filters, vocabulary, tensors; and the same in 8-bit weights."""

import struct

import numpy as np

MAGIC = 0x67676D6C
F32, F16, Q8_0 = 0, 1, 8
FILE_OF_F16 = 1
# In the header, quantised files carry their format's number (7 for q8_0) plus 1000 times the version of the block layouts.
FILE_OF_Q8_0 = 2007
Q8_0_BLOCK = 32


def dimensions(width, heads, encoder_layers, decoder_layers, tokens, mels):
    return (tokens, 1500, width, heads, encoder_layers, 448, width, heads, decoder_layers, mels, FILE_OF_F16)


def write_model(path, header, filters, vocabulary, tensors):
    """tensors: name to array; float16 arrays are stored as such, all others as float32."""
    with open(path, "wb") as file:
        file.write(struct.pack("<I11i", MAGIC, *header))
        file.write(struct.pack("<2i", *filters.shape))
        file.write(filters.astype("<f4").tobytes())
        file.write(struct.pack("<i", len(vocabulary)))
        for piece in vocabulary:
            file.write(struct.pack("<I", len(piece)) + piece)
        for name, tensor in tensors.items():
            kind = F16 if tensor.dtype == np.float16 else F32
            _write_tensor_header(file, name, tensor.shape[::-1], kind)
            file.write(tensor.astype("<f2" if kind == F16 else "<f4").tobytes())


def quantise(source, destination):
    """Copies an f16 file with its matrices as q8_0: blocks of 32 bytes, each block with a scale of its own."""
    with open(source, "rb") as file, open(destination, "wb") as out:
        magic, *header = struct.unpack("<I11i", file.read(48))
        if magic != MAGIC or header[-1] != FILE_OF_F16:
            raise ValueError(f"{source} is not an f16 ggml model")
        out.write(struct.pack("<I11i", magic, *header[:-1], FILE_OF_Q8_0))
        mels, bins = _copy(file, out, "<2i")
        out.write(file.read(mels * bins * 4))
        (count,) = _copy(file, out, "<i")
        for _ in range(count):
            (length,) = _copy(file, out, "<I")
            out.write(file.read(length))
        while head := file.read(12):
            axes, name_length, kind = struct.unpack("<3i", head)
            shape = struct.unpack(f"<{axes}i", file.read(4 * axes))
            name = file.read(name_length).decode()
            data = file.read(int(np.prod(shape)) * (2 if kind == F16 else 4))
            # Biases and positions are added, not multiplied: their rounding would not average out.
            if axes == 2 and not name.endswith(("conv1.bias", "conv2.bias", "positional_embedding")):
                _write_tensor_header(out, name, shape, Q8_0)
                out.write(_to_q8_0(np.frombuffer(data, "<f2" if kind == F16 else "<f4").astype(np.float32)))
            else:
                _write_tensor_header(out, name, shape, kind)
                out.write(data)


def _to_q8_0(values):
    blocks = values.reshape(-1, Q8_0_BLOCK)
    scales = np.abs(blocks).max(1, keepdims=True) / np.float32(127)
    inverse = np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=scales != 0)
    scaled = blocks * inverse
    # Halves are rounded away from zero, as C does, not to even.
    rounded = np.copysign(np.floor(np.abs(scaled) + np.float32(0.5)), scaled).astype(np.int8)
    return np.concatenate([scales.astype("<f2").view(np.uint8), rounded.view(np.uint8)], axis=1).tobytes()


def _copy(file, out, layout):
    data = file.read(struct.calcsize(layout))
    out.write(data)
    return struct.unpack(layout, data)


def _write_tensor_header(file, name, shape, kind):
    encoded = name.encode()
    file.write(struct.pack(f"<3i{len(shape)}i", len(shape), len(encoded), kind, *shape) + encoded)
