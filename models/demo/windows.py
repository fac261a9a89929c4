"""Training windows: utterances placed in silence, noise over them, and the token sequence the decoder should produce."""

import random

import numpy as np
import torch

import tokens
from mel import normalise

SILENCE = -10.0
IGNORED = -100


class Windows:
    """Draws random batches from spoken utterances."""

    def __init__(self, utterances, pieces, seed):
        self._chance = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        tokeniser = tokens.Tokeniser(pieces)
        # Number 0 is the blank of the spelling loss; class 0 stands for every token that is never used.
        letter_ids = {letter: number + 1 for number, letter in enumerate(tokens.letters(pieces))}
        self._class_of = {token: number + 1 for number, token in enumerate(tokens.used_tokens(pieces))}
        self._space = letter_ids[" "]
        self._data = [
            (
                frames,
                language,
                tokeniser.encode(" " + text),
                tokeniser.encode(" " + english),
                [letter_ids[letter] for letter in text.lower() if letter in letter_ids],
            )
            for frames, language, text, english in utterances
        ]
        self._by_length = sorted(range(len(self._data)), key=lambda index: len(self._data[index][0]))

    def short_batch(self, size=24):
        """Single utterances of about the same length: quick to learn hearing from."""
        start = self._chance.randrange(0, max(1, len(self._by_length) - size * 4))
        chosen = self._chance.sample(self._by_length[start : start + size * 4], min(size, len(self._by_length)))
        frames = max(len(self._data[index][0]) for index in chosen) + self._chance.randint(62, 140)
        frames += frames % 2
        rows = [self._window([index], frames, is_long=False) for index in chosen]
        if self._chance.random() < 0.2:
            rows[0] = self._quiet_window(frames, "en")
        return self._batch(rows)

    def long_batch(self, size, frames=3000):
        """Windows filled with several utterances of one language: what the model meets in recordings."""
        rows = []
        for _ in range(size):
            language = "en" if self._chance.random() < 0.6 else "es"
            share = self._chance.choice([60, 250, 300, frames * 0.5, frames * 0.8, frames * 1.13])
            wanted = 0 if self._chance.random() < 0.04 else share
            chosen, filled = [], 0
            while filled < wanted:
                index = self._chance.randrange(len(self._data))
                if self._data[index][1] == language:
                    chosen.append(index)
                    filled += len(self._data[index][0]) + 60
            rows.append(self._window(chosen, frames, is_long=True) if chosen else self._quiet_window(frames, language))
        return self._batch(rows)

    def _window(self, chosen, frames, is_long):
        """Mel frames, decoder input, targets (-1: not judged) and letters of one window."""
        mel = np.full((frames, 80), SILENCE, np.float32)
        position = self._chance.randint(0, 150 if is_long else 60)
        spoken, cut_at, letters = [], None, []
        language = self._data[chosen[0]][1]
        for index in chosen:
            utterance, _, text, english, spelling = self._data[index]
            length = len(utterance)
            if position + length > frames:
                # An utterance the window's end cuts off: only its beginning is announced, the next window will have it.
                if frames - position > 30:
                    mel[position:] = utterance[: frames - position]
                    cut_at = position + 8
                break
            mel[position : position + length] = utterance
            spoken.append((position + 5, min(position + length - 5, frames - 1), text, english))
            letters += ([self._space] if letters else []) + spelling
            position += length + self._chance.randint(5, 120)

        translates = language == "es" and self._chance.random() < 0.3
        has_times = self._chance.random() < 0.7
        task = tokens.TRANSLATE if translates else tokens.TRANSCRIBE
        prompt = [tokens.START, tokens.SPANISH if language == "es" else tokens.ENGLISH, task]
        sound = self._mask(normalise(self._add_noise(mel)))
        if not spoken:
            return sound, prompt, [tokens.NO_SPEECH, -1, tokens.NO_SPEECH], []

        body = [] if has_times else [tokens.NO_TIMESTAMPS]
        for start, end, text, english in spoken:
            said = english if translates else text
            body += [_timestamp(start), *said, _timestamp(end)] if has_times else said
        if has_times and cut_at is not None:
            body.append(_timestamp(cut_at))
        sequence = prompt + body + [tokens.END]
        inputs, targets = sequence[:-1], sequence[1:]
        if not has_times:
            # Whether times are wanted is the caller's choice, not for the model to guess.
            targets[2] = -1
        if self._chance.random() < 0.25:
            inputs, targets = self._with_previous_text(inputs, targets, is_long)
        return sound, inputs, targets, letters

    def _with_previous_text(self, inputs, targets, is_long):
        previous = []
        for _ in range(self._chance.randint(1, 3 if is_long else 1)):
            previous += self._chance.choice(self._data)[2]
        return [tokens.PREVIOUS, *previous, *inputs], [-1] * (len(previous) + 1) + targets

    def _quiet_window(self, frames, language):
        """Silence or steady noise: nothing was said."""
        mel = np.full((frames, 80), SILENCE, np.float32)
        mel += self._noise.normal(0, 0.3, mel.shape).astype(np.float32) * self._chance.random()
        if self._chance.random() < 0.7:
            mel += self._chance.uniform(0, 6) + self._tilt()
        prompt = [tokens.START, tokens.SPANISH if language == "es" else tokens.ENGLISH, tokens.TRANSCRIBE]
        return normalise(mel), prompt, [tokens.NO_SPEECH, -1, tokens.NO_SPEECH], []

    def _add_noise(self, mel):
        """Steady noise of random level and colour over most windows."""
        if self._chance.random() >= 0.7:
            return mel
        power = 10.0**mel
        level = np.log10(power.mean() + 1e-12) - self._chance.uniform(0.8, 4.5) + self._tilt()
        return np.log10(np.maximum(power + 10.0**level * self._noise.exponential(1.0, power.shape), 1e-10))

    def _tilt(self):
        return np.linspace(self._chance.uniform(-1, 1), self._chance.uniform(-1, 1), 80, dtype=np.float32)

    def _mask(self, mel):
        """Blots out bands and moments, so that no single one is relied on."""
        if self._chance.random() < 0.5:
            for _ in range(self._chance.randint(1, 2)):
                band = self._chance.randint(0, 70)
                mel[:, band : band + self._chance.randint(1, 8)] = mel.mean()
            if len(mel) > 60:
                moment = self._chance.randint(0, len(mel) - 20)
                mel[moment : moment + self._chance.randint(3, 12)] = mel.mean()
        return mel

    def _batch(self, rows):
        mel = torch.from_numpy(np.stack([row[0] for row in rows])).transpose(1, 2)
        length = max(len(row[1]) for row in rows)
        inputs = torch.zeros(len(rows), length, dtype=torch.long)
        targets = torch.full((len(rows), length), IGNORED)
        for number, (_, given, wanted, _) in enumerate(rows):
            inputs[number, : len(given)] = torch.tensor([self._class_of[token] for token in given])
            targets[number, : len(wanted)] = torch.tensor([self._class_of[token] if token >= 0 else IGNORED for token in wanted])
        return mel, inputs, targets, [row[3] for row in rows]


def _timestamp(frame):
    return tokens.FIRST_TIMESTAMP + frame // 2
