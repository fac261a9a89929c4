"""Speaks test clips with the held-out voices: single sentences and long recordings, with their true texts and times.

python3 clips.py FOLDER --seed 7 --clips 60
"""

import argparse
import json
import os
import random
import wave

import numpy as np

import voices
from grammar import sentence
from mel import SAMPLE_RATE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--clips", type=int, default=60)
    options = parser.parse_args()

    os.makedirs(options.folder, exist_ok=True)
    speaker = Speaker(options.seed)
    rows = [speaker.short_clip(options.folder, number) for number in range(options.clips)]
    rows += [speaker.long_clip(options.folder, language, seconds) for language, seconds in (("en", 75), ("es", 70), ("en", 200))]
    with open(os.path.join(options.folder, "truth.json"), "w", encoding="utf-8") as file:
        json.dump(rows, file, ensure_ascii=False, indent=1)
    print(f"{len(rows)} clips, {sum(row['seconds'] for row in rows):.0f} s")


class Speaker:
    def __init__(self, seed):
        self._chance = random.Random(seed)
        self._seed = seed
        self._espeak = voices.Espeak()

    def short_clip(self, folder, number):
        """One sentence; every fourth has white noise at 20 dB over it."""
        language = "en" if number % 5 < 3 else "es"
        samples, words, text, english, voice = self._say(language)
        before = self._silence(0.1, 0.8)
        samples = np.concatenate([before, samples, self._silence(0.1, 0.5)])
        is_noisy = number % 4 == 3
        if is_noisy:
            samples = samples + self._hiss(number, len(samples), np.sqrt(np.mean(samples**2) / 100))
        name = f"{language}-{number:02d}.wav"
        write_wav(os.path.join(folder, name), samples)
        return {
            "clip": name,
            "language": language,
            "text": text,
            "english": english,
            "voice": voice,
            "noise": "20 dB" if is_noisy else "",
            "seconds": seconds_of(len(samples)),
            "words": self._timed(words, len(before)),
        }

    def long_clip(self, folder, language, seconds):
        """Sentence after sentence with pauses, most of them short."""
        parts, length, utterances = [], 0, []
        while length < seconds * SAMPLE_RATE:
            pause = self._silence(0.3, 1.5) if self._chance.random() < 0.8 else self._silence(2, 5)
            samples, words, text, english, _ = self._say(language)
            start = length + len(pause)
            length = start + len(samples)
            parts += [pause, samples]
            utterances.append({
                # The voice is cut 50 ms before its first and 100 ms after its last sound.
                "start": round(start / SAMPLE_RATE + 0.05, 3),
                "end": round(length / SAMPLE_RATE - 0.1, 3),
                "text": text,
                "english": english,
                "words": self._timed(words, start),
            })
        samples = np.concatenate(parts) + self._hiss(seconds, length, 1e-4)
        name = f"long-{language}-{seconds}.wav"
        write_wav(os.path.join(folder, name), samples)
        return {
            "clip": name,
            "language": language,
            "text": " ".join(row["text"] for row in utterances),
            "english": " ".join(row["english"] for row in utterances),
            "seconds": seconds_of(length),
            "utterances": utterances,
        }

    def _say(self, language):
        english, spanish = sentence(self._chance)
        text = english if language == "en" else spanish
        voice = self._chance.choice(voices.ACCENTS[language]) + self._chance.choice(voices.HELD_OUT_VARIANTS)
        samples, words = self._espeak.say(
            text, voice, self._chance.randint(130, 190), self._chance.randint(30, 70), self._chance.randint(35, 65)
        )
        return samples * 10 ** (self._chance.uniform(-12, 0) / 20), words, text, english, voice

    def _silence(self, shortest, longest):
        return np.zeros(int(SAMPLE_RATE * self._chance.uniform(shortest, longest)), np.float32)

    def _hiss(self, number, length, loudness):
        return np.random.default_rng([self._seed, number]).normal(0, loudness, length).astype(np.float32)

    @staticmethod
    def _timed(words, offset):
        return [{"word": word, "start": round(start + offset / SAMPLE_RATE, 3)} for word, start in words]


def seconds_of(length):
    return round(length / SAMPLE_RATE, 3)


def write_wav(path, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
