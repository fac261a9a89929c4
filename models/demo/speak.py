"""Speaks random sentences of the grammar and stores their mel frames: the training data.

python3 speak.py OUT.npz --seed 1 --utterances 10000 [--held-out]
"""

import argparse
import json
import random

import numpy as np

import voices
from grammar import sentence
from mel import filter_bank, log_power


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--utterances", type=int, default=10_000)
    parser.add_argument("--held-out", action="store_true", help="use the voices kept for measuring")
    options = parser.parse_args()

    chance = random.Random(options.seed)
    espeak = voices.Espeak()
    filters = filter_bank(80)
    frames, texts = [], []
    while len(texts) < options.utterances:
        english, spanish = sentence(chance)
        language = "en" if chance.random() < 0.62 else "es"
        text = english if language == "en" else spanish
        samples = speak(chance, espeak, language, text, options.held_out)
        if len(samples) == 0:
            continue
        frames.append(log_power(samples, filters))
        texts.append({"language": language, "text": text, "english": english})
        if len(texts) % 1000 == 0:
            print(len(texts), "utterances", flush=True)

    ends = np.cumsum([len(utterance) for utterance in frames])
    np.savez(options.out, frames=np.concatenate(frames), ends=ends, texts=json.dumps(texts, ensure_ascii=False))
    print(f"{len(texts)} utterances, {ends[-1] / 100 / 60:.0f} minutes")


def speak(chance, espeak, language, text, held_out):
    """One utterance by a random voice, at a random speed, pitch and loudness (down to -20 dB)."""
    if language == "en" and not held_out and chance.random() < 0.15:
        samples = voices.flite(text, chance.choice(voices.FLITE_VOICES), chance.uniform(0.8, 1.25))
    else:
        variants = voices.HELD_OUT_VARIANTS if held_out else voices.TRAINING_VARIANTS
        voice = chance.choice(voices.ACCENTS[language]) + chance.choice(variants)
        samples, _ = espeak.say(text, voice, chance.randint(125, 210), chance.randint(25, 75), chance.randint(30, 70))
    return samples * 10 ** (chance.uniform(-20, 0) / 20)


def load(path):
    """What main() stored: a list of (mel frames, language, text, english)."""
    with np.load(path) as stored:
        frames, ends, texts = stored["frames"], stored["ends"], json.loads(str(stored["texts"]))
    return [
        (frames[start:end], row["language"], row["text"], row["english"])
        for start, end, row in zip([0, *ends], ends, texts)
    ]


if __name__ == "__main__":
    main()
