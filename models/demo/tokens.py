"""The demo model's vocabulary: word pieces learnt from the grammar's own sentences, and the special tokens of Whisper's layout.

Ids 0 to 255 are the bytes, the pieces follow in the order they were learnt, and all further text ids up to 50,256
are empty: the file keeps the size and the special ids that programs expect of a multilingual Whisper model.
"""

import collections
import random
import re

from grammar import sentence

TEXT_TOKENS = 50_257
ALL_TOKENS = 51_865

END = 50_257
START = 50_258
ENGLISH = 50_259
SPANISH = 50_262
TRANSLATE = 50_358
TRANSCRIBE = 50_359
PREVIOUS = 50_361
NO_SPEECH = 50_362
NO_TIMESTAMPS = 50_363
FIRST_TIMESTAMP = 50_364
TIMESTAMPS = 1501

WORD = re.compile(r"'\w+| ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s+")


def learn_pieces(merges=800, sentences=20_000, seed=1):
    """Byte-pair encoding: joins the most frequent neighbours again and again; returns all pieces, the 256 bytes first."""
    chance = random.Random(seed)
    counts = collections.Counter()
    for _ in range(sentences):
        for text in sentence(chance):
            counts.update(WORD.findall(" " + text))

    pieces = [bytes([value]) for value in range(256)]
    words = {word: [bytes([value]) for value in word.encode()] for word in counts}
    for _ in range(merges):
        pairs = collections.Counter()
        for word, parts in words.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += counts[word]
        if not pairs:
            break

        # Equally frequent pairs: the alphabet decides, so that every run learns the same pieces.
        (left, right), _ = max(pairs.items(), key=lambda entry: (entry[1], entry[0]))
        pieces.append(left + right)
        for word, parts in words.items():
            words[word] = _join(parts, left, right)
    return pieces


def used_tokens(pieces):
    """The ids training deals with, in order; the rest of the 51,865 never occurs."""
    special = [END, START, ENGLISH, SPANISH, TRANSLATE, TRANSCRIBE, PREVIOUS, NO_SPEECH, NO_TIMESTAMPS]
    return [*range(len(pieces)), *special, *range(FIRST_TIMESTAMP, FIRST_TIMESTAMP + TIMESTAMPS)]


def letters(pieces):
    """The alphabet of the sentences: what the encoder learns to spell with."""
    text = "".join(piece.decode("utf-8", "ignore") for piece in pieces[256:])
    return sorted({" ", "-"} | {letter for letter in text.lower() if letter.isalpha()})


class Tokeniser:
    """Text to ids; the piece learnt first is joined first."""

    def __init__(self, pieces):
        self._rank = {piece: rank for rank, piece in enumerate(pieces)}
        self._known = {}

    def encode(self, text):
        return [token for word in WORD.findall(text) for token in self._encode_word(word)]

    def _encode_word(self, word):
        if word not in self._known:
            parts = [bytes([value]) for value in word.encode()]
            while len(parts) > 1:
                pairs = list(zip(parts, parts[1:]))
                left, right = min(pairs, key=lambda pair: self._rank.get(pair[0] + pair[1], TEXT_TOKENS))
                if left + right not in self._rank:
                    break
                parts = _join(parts, left, right)
            self._known[word] = [self._rank[part] for part in parts]
        return self._known[word]


def _join(parts, left, right):
    joined = []
    for part in parts:
        if joined and joined[-1] == left and part == right:
            joined[-1] = left + right
        else:
            joined.append(part)
    return joined


if __name__ == "__main__":
    learnt = learn_pieces()
    tokeniser = Tokeniser(learnt)
    print(len(learnt), "pieces")
    for example in (" Set a timer for fifteen minutes.", " ¿Dónde está la biblioteca?"):
        print([learnt[token].decode("utf-8", "replace") for token in tokeniser.encode(example)])
