"""Sounds in which nobody speaks, at a root mean square of 1."""

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

RATE = 16000


def amplitude(decibels):
    return 10 ** (decibels / 20)


def unit(samples):
    return samples / np.sqrt(np.mean(samples**2) + 1e-20)


def noise(random, count):
    """White, pink or brown, or of a band."""
    white = random.standard_normal(count)
    kind = random.integers(4)
    if kind == 0:
        return unit(white)
    if kind < 3:
        spectrum = np.fft.rfft(white)
        return unit(np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)) * RATE / count, 20) ** (kind / 2), count))
    low = 50 * 2 ** random.uniform(0, 5)
    return unit(sosfilt(butter(2, [low, min(low * 2 ** random.uniform(0.3, 5), 7900)], "band", fs=RATE, output="sos"), white) + 0.03 * white)


def hum(random, count):
    time = np.arange(count) / RATE
    frequency = random.choice([50, 60, random.uniform(30, 400)])
    total = sum((0.3 + random.random()) / k * np.sin(2 * np.pi * (k * frequency * time + random.random()))
                for k in range(1, random.integers(3, 25)))
    return unit(unit(total) + random.standard_normal(count) * amplitude(random.uniform(-70, -30)))


def background(random, count):
    """What speech is heard through: mostly noise, sometimes hum."""
    return noise(random, count) if random.random() < 0.75 else hum(random, count)


def gusts(random, count):
    """Noise that swells, a few times a second or every few seconds, or in bursts."""
    rate = 2 ** random.uniform(-1, 4)
    points = random.uniform(-random.uniform(3, 40), 0, size=int(count / RATE * rate) + 3)
    swell = np.interp(np.arange(count) / RATE * rate, np.arange(len(points)), points)
    return unit(noise(random, count) * amplitude(swell))


def tone(random, count):
    """One tone or a few: steady, beeping, or wandering up and down slowly or fast."""
    time = np.arange(count) / RATE
    frequency = 60 * 2 ** random.uniform(0, 6)
    kind = random.integers(4)
    if kind == 0:
        total = sum(np.sin(2 * np.pi * frequency * k * time + k) * random.random() for k in range(1, random.integers(2, 5)))
        return unit(total)
    if kind == 1:
        rate, duty = 2 ** random.uniform(-1, 4), random.uniform(0.2, 0.8)
        gate = lfilter([0.01], [1, -0.99], (time * rate % 1 < duty).astype(float))
        return unit((np.sin(2 * np.pi * frequency * time) + random.integers(2) * np.sin(2 * np.pi * 1.31 * frequency * time)) * gate)
    width, rate = random.uniform(0.1, 3), 2 ** random.uniform(-5, 6)
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * rate * time) if random.random() < 0.6 else rate * time % 1
    phase = np.cumsum(frequency * 2 ** (width * shape)) / RATE
    return unit(sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, random.choice([2, 2, 4]))))


def note(random, time, frequency, timbre):
    """One note: harmonics that start and die away as the timbre says, with vibrato."""
    attack, decay, vibrato, rate, together, slope, harmonics, bright = timbre
    pitch = frequency * time + frequency * vibrato / (2 * np.pi * rate) * np.sin(2 * np.pi * rate * time + together * random.random())
    total = np.zeros_like(time)
    for k in range(1, harmonics + 1):
        if k * frequency < 7600:
            total += np.sin(2 * np.pi * k * pitch + random.random()) * np.exp(-time * bright * (k - 1)) / k**slope
    return total * np.minimum(1, time / attack) * np.exp(-time / decay) * np.minimum(1, (time[-1] - time) / 0.02 + 1e-3)


def music(random, count):
    """Notes or chords of a scale, by one to three instruments: melodies, arpeggios, held chords; sometimes with drums and reverberation."""
    total = np.zeros(count)
    scale = np.array(random.choice(["0 2 4 5 7 9 11", "0 2 3 5 7 8 10", "0 3 5 7 10", "0 1 2 3 4 5 6 7 8 9 10 11"]).split(), int)
    for _ in range(random.choice([1, 1, 2, 3])):
        vibrato = random.choice([0, 0, random.uniform(0.003, 0.05)])
        timbre = (10 ** random.uniform(-3, -0.7), 10 ** random.uniform(-1, 1), vibrato, random.uniform(3, 8), random.choice([0, 6]),
                  random.uniform(0.2, 2), random.integers(1, 16), random.choice([0, random.uniform(0, 3)]))
        root, octaves = 55 * 2 ** random.uniform(0, 3), random.integers(1, 4)
        voices, shortest = random.choice([1, 1, 3, 4, 4]), 10 ** random.uniform(-1.2, 0.2)
        rest, loudness = random.choice([0, 0.15, 0.4]), amplitude(random.uniform(-12, 0))
        at = 0.0
        while at < count / RATE - 0.1:
            length = shortest * (random.choice([1, 1, 1, 2, 4]) if random.random() < 0.5 else random.uniform(1, 4))
            first, end = int(at * RATE), min(int((at + length) * RATE), count)
            if random.random() >= rest and end > first + 100:
                degree = random.integers(len(scale))
                for voice in range(voices):
                    step = degree + 2 * voice
                    semitones = scale[step % len(scale)] + 12 * (step // len(scale)) + 12 * random.integers(octaves) * (voices == 1)
                    time, frequency = np.arange(end - first) / RATE, root * 2 ** (semitones / 12)
                    total[first:end] += loudness * random.uniform(0.6, 1) * note(random, time, frequency, timbre)
            at += length
    total = unit(total)
    if random.random() < 0.25:
        total = total + amplitude(random.uniform(-15, 5)) * clicks(random, count)
    if random.random() < 0.3:
        delay = int(random.uniform(0.02, 0.3) * RATE)
        total = lfilter([1], [1] + [0] * (delay - 1) + [-random.uniform(0.2, 0.6)], total)
    return unit(total)


def clicks(random, count):
    """Clicks, knocks and drum beats, at random or regular moments."""
    total = np.zeros(count)
    rate, regular, longest = 2 ** random.uniform(-1, 4), random.random() < 0.5, 10 ** random.uniform(-3, -1)
    at = 0.0
    while at < count / RATE:
        first, decay = int(at * RATE), longest * random.uniform(0.2, 1)
        time = np.arange(min(int(6 * decay * RATE) + 1, count - first)) / RATE
        body = random.standard_normal(len(time)) if random.random() < 0.6 else np.sin(2 * np.pi * 60 * 2 ** random.uniform(0, 4) * time)
        total[first : first + len(time)] += body * np.exp(-time / decay)
        at += 1 / rate if regular else random.exponential(1 / rate) + 1e-3
    return unit(total)


def machine(random, count):
    """Pulses of a motor through a fixed resonance; its speed wanders."""
    points = 25 * 2 ** random.uniform(0, 3) * 2 ** np.cumsum(random.normal(0, random.choice([0, 0.02, 0.1]), size=count // RATE + 3)).clip(0.3, 3)
    phase = np.cumsum(np.interp(np.arange(count) / RATE, np.arange(len(points)), points)) / RATE
    pulses = np.diff(np.floor(phase), prepend=0) + 0.02 * random.standard_normal(count)
    low = random.uniform(100, 1500)
    return unit(sosfilt(butter(1, [low, low * random.uniform(1.3, 3)], "band", fs=RATE, output="sos"), pulses))


def nobody(random, seconds):
    count = int(seconds * RATE)
    make = random.choice([noise, gusts, hum, tone, tone, tone, music, music, music, music, music, music, clicks, machine])
    samples = make(random, count)
    if random.random() < 0.5:
        samples = samples + noise(random, count) * amplitude(-random.uniform(0, 50))
    return unit(samples)
