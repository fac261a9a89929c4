"""Fits the network of the built-in speech detector to synthetic voices and to sounds in which nobody speaks (see README.md)."""

import re
import subprocess
import sys
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

from sounds import RATE, amplitude, background, nobody

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FEATURES = [ROOT / "artifacts/bin/SpeechEngine.Benchmarks/release/SpeechEngine.Benchmarks", "speech-features"]
NUMBERS = ROOT / "src/SpeechEngine/Speech/Spectral/SpeechNumbers.cs"

FRAME, STEP, INPUTS, CHANNELS, TAPS, LAYERS = 320, 160, 23, 14, 5, 4
LANGUAGES = "en-us en-gb en-gb-scotland es es-419 fr-fr de it pt pt-br nl sv pl ru tr fi hu cs ro el hi id vi sw cmn ja ko ar".split()
VARIANTS = "m1 m2 m3 m4 m6 m7 f1 f2 f3 f4 adam linda steph Michael max anika robosoft klatt klatt2 Denis Diogo Gene Lee Storm zac".split()
FLITE = ["awb", "rms", "slt", "kal"]
# The clips of the tests are spoken by paul, belinda, m8 and f5, and flite's kal16 is kept for them too: none of these is fitted to.


def utterance(seed):
    """A few words by some voice at 16 kHz, and its loud part's limits: what is 30 dB below the loudest tenth nobody hears as an edge."""
    random = np.random.default_rng(seed)
    words = re.findall(r"[A-Za-z]{2,}", (ROOT / "README.md").read_text() + (ROOT / "models/README.md").read_text())
    text = " ".join(words[i] + random.choice(["", "", "", "", ",", "."]) for i in random.integers(len(words), size=random.integers(1, 13)))
    path = f"/tmp/speech-detector-{seed}.wav"
    if random.random() < 0.3:
        call = ["flite", "-voice", random.choice(FLITE), "--setf", f"duration_stretch={random.uniform(0.7, 1.4):.2f}", "-t", text, "-o", path]
    else:
        voice = random.choice(LANGUAGES) + random.choice(["", "+" + random.choice(VARIANTS)])
        call = ["espeak-ng", "-v", voice, "-s", str(random.integers(80, 260)), "-p", str(random.integers(10, 90)), "-w", path, text]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rate, samples = wavfile.read(path)
    Path(path).unlink()
    samples = resample_poly(samples / 32768, RATE, rate) if rate != RATE else samples / 32768
    samples = alive(random, samples)
    return samples, speech(samples)


def alive(random, samples):
    """Less even than a machine speaks: the tempo with the pitch wavers, the loudness too, and there is breath in it."""
    points = len(samples) // (RATE // 10) + 3
    time = np.arange(len(samples)) / (RATE / 10)
    speed = 1 + random.uniform(0, 0.12) * np.interp(time, np.arange(points), random.normal(size=points))
    samples = np.interp(np.cumsum(speed.clip(0.7, 1.4)), np.arange(len(samples)), samples, right=0)
    loudness = amplitude(random.uniform(0, 4) * np.interp(time / 3, np.arange(points), random.normal(size=points)))
    breath = 1 + random.uniform(0, 0.3) * random.standard_normal(len(samples))
    return samples * loudness * breath


def speech(samples):
    """Per 10 ms: 1 speech, 0 none, -1 a pause that may be taken for either."""
    powers = np.square(samples[: len(samples) // STEP * STEP].reshape(-1, STEP)).mean(1)
    labels = (powers > np.sort(powers)[len(powers) * 9 // 10] * 1e-3).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], labels, [0]])))
    for end, start in zip(edges[1::2], edges[2::2]):
        labels[end:start] = 1 if start - end <= 10 else -1 if start - end <= 20 else 0
    return labels


def conversation(random, voices):
    """Utterances with pauses through some room, channel and background; and the labels."""
    parts, labels = [], []
    for i in random.integers(len(voices), size=random.integers(2, 9)):
        samples, own = voices[i]
        pause = int(100 * (random.uniform(0.2, 0.6) if random.random() < 0.4 else random.uniform(0.1, 5)))
        loudness = amplitude(random.uniform(-12, 0)) / np.sqrt(np.mean(samples**2))
        parts += [np.zeros(pause * STEP), samples[: len(own) * STEP] * loudness]
        labels += [np.zeros(pause, np.int8), own]
    samples, labels = np.concatenate(parts), np.concatenate(labels)
    if random.random() < 0.5:
        # A room: noise that dies away behind the direct sound.
        tail = random.standard_normal(int(0.5 * RATE)) * np.exp(-np.arange(0.5 * RATE) / RATE * 6.9 / random.uniform(0.1, 0.6))
        tail *= amplitude(random.uniform(-20, -4)) / np.sqrt(np.sum(tail**2))
        tail[0] = 1
        samples = fftconvolve(samples, tail)[: len(samples)]
    if random.random() < 0.4:
        pole = random.uniform(-0.7, 0.7)
        samples = lfilter([1, -pole], [1], samples) if random.random() < 0.5 else lfilter([1], [1, -pole], samples)
    samples /= np.sqrt(np.mean(samples[np.repeat(labels != 0, STEP)] ** 2))
    if random.random() < 0.8:
        samples = samples + background(random, len(samples)) * amplitude(-random.uniform(3, 40))
    if random.random() < 0.2:
        samples = sosfilt(butter(4, [300, 3400], "band", fs=RATE, output="sos"), samples)
    return samples * amplitude(random.uniform(-55, -12)), labels


def recording(arguments):
    """Half an hour of conversations and other sounds: features and labels."""
    seed, voices = arguments
    random = np.random.default_rng(seed)
    parts, labels = [], []
    while sum(map(len, labels)) < 30 * 60 * 100:
        if random.random() < 0.5:
            samples, own = conversation(random, voices)
        else:
            samples = nobody(random, random.uniform(8, 40)) * amplitude(random.uniform(-60, -6))
            own = np.full(len(samples) // STEP, -2, np.int8)
        pause = np.zeros(random.integers(0, 300) if random.random() < 0.5 else 0, np.int8)
        parts += [samples[: len(own) * STEP], np.zeros(len(pause) * STEP)]
        labels += [own, pause]
    samples, labels = np.concatenate(parts).astype(np.float32), np.concatenate(labels)
    raw = f"/tmp/speech-detector-{seed}"
    samples.clip(-1, 1).tofile(raw)
    subprocess.run([*FEATURES, raw, raw + ".features"], check=True)
    features = np.fromfile(raw + ".features", np.float32).reshape(INPUTS, -1).T
    Path(raw).unlink()
    Path(raw + ".features").unlink()
    # Of the two 10 ms of a frame the louder label.
    labels = np.append(labels, labels[-1:])[: 2 * len(features)]
    return features, labels.reshape(-1, 2).max(1)


class Network(torch.nn.Module):
    """The network of SpeechNetwork.cs."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv1d(INPUTS, CHANNELS, 1)
        self.taps = torch.nn.ParameterList(torch.nn.Parameter(torch.randn(CHANNELS, TAPS) / TAPS**0.5) for _ in range(LAYERS))
        self.mixtures = torch.nn.ModuleList(torch.nn.Conv1d(CHANNELS, CHANNELS, 1) for _ in range(LAYERS))
        self.last = torch.nn.Conv1d(CHANNELS, 1, 1)

    def forward(self, x):
        x = torch.relu(self.first(x))
        for layer, (taps, mixture) in enumerate(zip(self.taps, self.mixtures)):
            around = torch.nn.functional.pad(x, (2 * 3**layer, 2 * 3**layer))
            x = x + torch.relu(mixture(sum(taps[:, tap, None] * around[:, :, tap * 3**layer :][:, :, : x.shape[2]] for tap in range(TAPS))))
        return self.last(x)[:, 0]

    def numbers(self):
        """In the order in which SpeechNetwork.cs reads them."""
        parts = [self.first.weight, self.first.bias]
        for taps, mixture in zip(self.taps, self.mixtures):
            parts += [taps, mixture.weight, mixture.bias]
        return np.concatenate([part.detach().numpy().ravel() for part in [*parts, self.last.weight, self.last.bias]])


def fit(features, labels, steps, start, seed=1, length=1500, batch=16):
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = Network()
    if start:
        network.load_state_dict(torch.load(start))
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.5e-2, steps)
    weights = {1: 1.0, 0: 1.3, -1: 0.0, -2: 2.0}
    targets = (labels == 1).astype(np.float32)
    weights = np.vectorize(weights.get)(labels).astype(np.float32)
    mean = 0.0
    for step in range(1, steps + 1):
        starts = random.integers(len(labels) - length, size=batch)
        x, y, w = (torch.from_numpy(np.stack([a[s : s + length] for s in starts])) for a in (features, targets, weights))
        logits = network(x.transpose(1, 2))
        # Where nobody speaks a rare confident mistake costs more than many small doubts.
        w = torch.where(w == 2, 2 + 5 * torch.sigmoid(logits.detach()), w)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, w)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean += (loss.item() - mean) / min(step, 100)
        if step % 200 == 0:
            print(step, f"{mean:.4f}", flush=True)
    return network


def write(numbers):
    text = NUMBERS.read_text()
    start, end = text.index("[\n") + 2, text.index("    ];")
    rows = [", ".join(f"{number:.4g}f" for number in numbers[i : i + 12]) for i in range(0, len(numbers), 12)]
    NUMBERS.write_text(text[:start] + "".join(f"        {row},\n" for row in rows) + text[end:])


def main(folder, steps=8000, start=None, first=0, recordings=24, count=1500):
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    first = int(first)
    with Pool(2) as pool:
        voices = pool.map(utterance, range(first, first + count), 20)
        parts = pool.map(recording, [(seed, voices) for seed in range(first, first + recordings)], 1)
    features, labels = (np.concatenate(part) for part in zip(*parts))
    network = fit(features, labels, int(steps), start)
    torch.save(network.state_dict(), folder / "network.pt")
    write(network.numbers())


if __name__ == "__main__":
    main(*sys.argv[1:])
