"""Synthetic voices: espeak-ng (through its library) and flite (through its program)."""

import ctypes
import os
import struct
import subprocess
import tempfile

import numpy as np
from scipy.signal import resample_poly

from mel import SAMPLE_RATE

ACCENTS = {
    # American English is listed three times: it is what most people will try.
    "en": ["gmw/en-US", "gmw/en-US", "gmw/en-US", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-GB-scotland", "gmw/en-GB-x-gbclan"],
    "es": ["roa/es", "roa/es", "roa/es-419"],
}
TRAINING_VARIANTS = [
    "", "", "", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+f1", "+f2", "+f3", "+f4", "+adam", "+linda", "+steph", "+michael", "+max",
]
# Never trained on: they speak the clips that error rates are measured with.
HELD_OUT_VARIANTS = ["+m8", "+f5", "+paul", "+belinda"]
FLITE_VOICES = ["kal16", "awb", "rms", "slt"]

# Numbers of espeak-ng's interface (speak_lib.h).
_RETRIEVAL_SYNCHRONOUS = 2
_WORD_EVENT = 1
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("message", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


class Espeak:
    """One espeak-ng in this process; it exists once."""

    _CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))

    def __init__(self):
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self._rate = self._library.espeak_Initialize(_RETRIEVAL_SYNCHRONOUS, 0, None, 0)
        self._blocks = []
        self._words = []
        # Kept, or the collector frees it while the library still calls it.
        self._callback = self._CALLBACK(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text, voice, words_per_minute, pitch, pitch_range):
        """Samples at 16 kHz, cut to the speech, and every word with its start in seconds."""
        self._blocks.clear()
        self._words.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        utf8 = text.encode() + b"\0"
        self._library.espeak_Synth(utf8, len(utf8), 0, 0, 0, 1, None, None)
        self._library.espeak_Synchronize()

        samples = _to_16_kilohertz(np.concatenate(self._blocks).astype(np.float32) / 32768, self._rate)
        samples, skipped = cut_to_speech(samples)
        words = [
            (text[position - 1 : position - 1 + length], round(milliseconds / 1000 - skipped / SAMPLE_RATE, 3))
            for position, length, milliseconds in self._words
        ]
        return samples, words

    def _receive(self, samples, count, events):
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events and events[index].type != 0:
            event = events[index]
            if event.type == _WORD_EVENT:
                self._words.append((event.text_position, event.length, event.audio_milliseconds))
            index += 1
        return 0


def flite(text, voice, stretch):
    """Samples at 16 kHz, cut to the speech."""
    handle, path = tempfile.mkstemp(suffix=".wav")
    os.close(handle)
    try:
        options = ["-voice", voice, "--setf", f"duration_stretch={stretch:.2f}", "-t", text, "-o", path]
        subprocess.run(["flite", *options], check=True, stdout=subprocess.DEVNULL)
        with open(path, "rb") as file:
            wav = file.read()
    finally:
        os.remove(path)
    rate = struct.unpack("<I", wav[24:28])[0]
    samples = _to_16_kilohertz(np.frombuffer(wav[44:], np.int16).astype(np.float32) / 32768, rate)
    return cut_to_speech(samples)[0]


def cut_to_speech(samples):
    """Drops silence, but for 50 ms before and 100 ms after; returns the rest and how many samples were skipped."""
    loud = np.flatnonzero(np.abs(samples) > 0.005)
    if len(loud) == 0:
        return samples[:0], 0
    start = max(0, loud[0] - 800)
    return samples[start : loud[-1] + 1600], start


def _to_16_kilohertz(samples, rate):
    if rate == SAMPLE_RATE:
        return samples
    divisor = np.gcd(SAMPLE_RATE, rate)
    return resample_poly(samples, SAMPLE_RATE // divisor, rate // divisor).astype(np.float32)
