"""Whisper in PyTorch, small. Modules are named as the tensors of a ggml file are, so that exporting needs no table."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from tokens import TIMESTAMPS


class Whisper(nn.Module):
    """Classes are the tokens that training uses, class 0 standing for all others; the last 1,501 are the timestamps."""

    def __init__(self, classes, letters, width=192, heads=3, encoder_layers=4, decoder_layers=2):
        super().__init__()
        self.encoder = Encoder(width, heads, encoder_layers)
        self.decoder = Decoder(width, heads, decoder_layers, classes)

        # For training only: the encoder spells what it hears, which teaches it to hear long before the decoder can.
        self.letters = nn.Linear(width, letters)

        # A timestamp is a smooth function of time plus a residue of its own: 1,501 independent ones would need far more data.
        self.register_buffer("time_waves", waves(TIMESTAMPS, width))
        self.time_weights = nn.Parameter(torch.randn(width, width) * 0.003)

    def token_table(self):
        table = self.decoder.token_embedding.weight
        return torch.cat([table[:-TIMESTAMPS], table[-TIMESTAMPS:] + self.time_waves @ self.time_weights])

    def encode(self, mel, dropout=0.0):
        return self.encoder(mel, dropout)

    def decode(self, tokens, sound, dropout=0.0):
        return self.decoder(tokens, self.token_table(), sound, dropout)


class Encoder(nn.Module):
    def __init__(self, width, heads, layers):
        super().__init__()
        self.conv1 = nn.Conv1d(80, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, 2, 1)
        self.register_buffer("positional_embedding", waves(1500, width))
        self.blocks = nn.ModuleList([Block(width, heads, cross=False) for _ in range(layers)])
        self.ln_post = nn.LayerNorm(width)

    def forward(self, mel, dropout):
        """[batch, 80, frames] to [batch, frames / 2, width]."""
        x = F.gelu(_convolve(mel.transpose(1, 2), self.conv1, 1))
        x = F.gelu(_convolve(x, self.conv2, 2))
        x = x + self.positional_embedding[: x.shape[1]]
        for block in self.blocks:
            x = block(x, dropout=dropout)
        return self.ln_post(x)


class Decoder(nn.Module):
    def __init__(self, width, heads, layers, classes):
        super().__init__()
        self.token_embedding = nn.Embedding(classes, width)
        self.positional_embedding = nn.Parameter(torch.randn(448, width) * 0.01)
        self.blocks = nn.ModuleList([Block(width, heads, cross=True) for _ in range(layers)])
        self.ln = nn.LayerNorm(width)
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def forward(self, tokens, table, sound, dropout):
        length = tokens.shape[1]
        x = F.embedding(tokens, table) + self.positional_embedding[:length]
        future = torch.full((length, length), -1e9).triu(1)
        for block in self.blocks:
            x = block(x, sound, future, dropout)
        return self.ln(x) @ table.T


class Block(nn.Module):
    def __init__(self, width, heads, cross):
        super().__init__()
        self.attn_ln = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.cross_attn_ln = nn.LayerNorm(width) if cross else None
        self.cross_attn = Attention(width, heads) if cross else None
        self.mlp_ln = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x, sound=None, mask=None, dropout=0.0):
        own = self.attn_ln(x)
        x = x + F.dropout(self.attn(own, own, mask), dropout, self.training)
        if self.cross_attn is not None:
            x = x + F.dropout(self.cross_attn(self.cross_attn_ln(x), sound), dropout, self.training)
        return x + F.dropout(self.mlp(self.mlp_ln(x)), dropout, self.training)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x, source, mask=None):
        batch, length, width = x.shape
        size = width // self.heads
        query = self.query(x).view(batch, length, self.heads, size).transpose(1, 2) * size**-0.5
        key = self.key(source).view(batch, -1, self.heads, size).permute(0, 2, 3, 1)
        value = self.value(source).view(batch, -1, self.heads, size).transpose(1, 2)
        scores = query @ key
        if mask is not None:
            scores = scores + mask
        return self.out((scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, width))


def waves(positions, width):
    """Whisper's sinusoids: [positions, width]."""
    steps = torch.exp(-math.log(10_000) / (width // 2 - 1) * torch.arange(width // 2))
    angles = torch.arange(positions)[:, None] * steps[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


def _convolve(x, layer, stride):
    """A convolution of three as one matrix product: PyTorch 1.13's own on a CPU gave wrong gradients for these shapes."""
    padded = F.pad(x, (0, 0, 1, 1))
    taps = torch.cat([padded[:, tap : tap + x.shape[1] : stride] for tap in range(3)], -1)
    weight = layer.weight.permute(0, 2, 1).reshape(layer.weight.shape[0], -1)
    return F.linear(taps, weight, layer.bias)
