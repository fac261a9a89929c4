"""Sound to log-mel frames, as Whisper hears it: 16 kHz, windows of 400 samples, a step of 160 (10 ms)."""

import numpy as np

SAMPLE_RATE = 16_000
WINDOW = 400
STEP = 160


def filter_bank(bands):
    """Slaney's mel filters: [bands, 201], every row one triangle over the bins of the transform, of equal area."""
    frequencies = np.linspace(0, SAMPLE_RATE / 2, WINDOW // 2 + 1)
    edges = _mel_to_hertz(np.linspace(_hertz_to_mel(0), _hertz_to_mel(SAMPLE_RATE / 2), bands + 2))
    widths = np.diff(edges)
    distances = edges[:, None] - frequencies[None]
    rising = -distances[:-2] / widths[:-1, None]
    falling = distances[2:] / widths[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return (np.maximum(0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


def log_power(samples, filters):
    """Log10 mel power [frames, bands] before Whisper's clamp and scaling, so that noise can still be added to it."""
    padded = np.concatenate([np.zeros(200, np.float32), samples, np.zeros(240, np.float32)])
    hann = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP] * hann
    power = np.abs(np.fft.rfft(frames, axis=1)).astype(np.float32) ** 2
    return np.log10(np.maximum(power @ filters.T, 1e-10)).astype(np.float16)


def normalise(log_mel):
    """Whisper's last step: what is 80 dB below the loudest is cut off, the rest comes to lie about zero."""
    return ((np.maximum(log_mel, log_mel.max() - 8.0) + 4) / 4).astype(np.float32)


def _hertz_to_mel(frequency):
    frequency = np.asarray(frequency, float)
    logarithmic = 15 + np.log(np.maximum(frequency, 1e-9) / 1000) / (np.log(6.4) / 27)
    return np.where(frequency < 1000, frequency / (200 / 3), logarithmic)


def _mel_to_hertz(mel):
    mel = np.asarray(mel, float)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
