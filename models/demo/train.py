"""Trains the demo model from spoken utterances (see speak.py).

From nothing:   python3 train.py OUT.pt DATA.npz... --short-minutes 40 --long-minutes 20
Continued:      python3 train.py OUT.pt DATA.npz... --init EARLIER.pt --short-minutes 0 --long-minutes 30
"""

import argparse
import math
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

import speak
import tokens
from network import Whisper, waves
from windows import IGNORED, Windows

SAVE_SECONDS = 180


def main():
    options = read_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    earlier = torch.load(options.init) if options.init else None

    utterances = [utterance for path in options.data for utterance in speak.load(path)]
    pieces = earlier["pieces"] if earlier else tokens.learn_pieces()
    windows = Windows(utterances, pieces, options.seed)
    network = Whisper(len(tokens.used_tokens(pieces)) + 1, len(tokens.letters(pieces)) + 1)
    if earlier:
        network.load_state_dict(earlier["network"])
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"{len(utterances)} utterances, {len(pieces)} word pieces, {parameters / 1e6:.1f} M parameters", flush=True)
    train(network, windows, pieces, options, is_continued=earlier is not None)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("data", nargs="+")
    parser.add_argument("--short-minutes", type=float, default=40, help="minutes on single utterances, first")
    parser.add_argument("--long-minutes", type=float, default=20, help="minutes on windows of several utterances, afterwards")
    parser.add_argument("--init", help="checkpoint to continue from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--learning-rate", type=float, default=1.2e-3)
    parser.add_argument("--medium-share", type=float, default=0.3, help="share of 6 and 10 s windows among the long ones")
    parser.add_argument("--positions-from", type=float, default=0.12, help="scale of the encoder's positions at the start")
    parser.add_argument("--positions-to", type=float, default=0.12, help="their scale after 300 steps; 0.35 suits long windows")
    return parser.parse_args()


def train(network, windows, pieces, options, is_continued):
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    short_seconds, long_seconds = options.short_minutes * 60, options.long_minutes * 60
    chance = random.Random(options.seed + 1)
    positions = waves(1500, network.encoder.positional_embedding.shape[1])
    # The one class of all unused tokens is as likely as all of them together, which teaches the decoder to avoid them.
    used = len(tokens.used_tokens(pieces))
    unused = torch.zeros(used + 1)
    unused[0] = math.log(tokens.ALL_TOKENS - used)

    began = saved = time.time()
    step, recent = 0, []
    while (elapsed := time.time() - began) <= short_seconds + long_seconds:
        is_long = elapsed > short_seconds
        done = elapsed / (short_seconds + long_seconds)
        warm_up = min(1, (step + 1) / (60 if is_continued else 300))
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * warm_up * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        raised = options.positions_from + (options.positions_to - options.positions_from) * min(1, step / 300)
        network.encoder.positional_embedding.copy_(positions * raised)

        if not is_long:
            batch = windows.short_batch()
        elif chance.random() < options.medium_share:
            is_early = (elapsed - short_seconds) / long_seconds < 0.25
            batch = windows.long_batch(20, 600) if is_early or chance.random() < 0.3 else windows.long_batch(12, 1000)
        else:
            batch = windows.long_batch(4)

        measured = learn(network, optimiser, unused, batch, letter_weight=0.3 if is_long else 0.5)
        if measured is None:
            print(f"step {step} skipped: a gradient was not finite", flush=True)
            continue
        step += 1
        recent.append(measured)
        if step % 50 == 0:
            loss, spelling, right = np.mean(recent, 0)
            kind = "long" if is_long else "short"
            print(f"{elapsed / 60:5.1f} min, step {step}, {kind}: loss {loss:.3f}, spelling {spelling:.3f}, tokens right {right:.3f}", flush=True)
            recent = []
        if time.time() - saved > SAVE_SECONDS:
            save(network, pieces, options.out)
            saved = time.time()
    save(network, pieces, options.out)
    print(f"{step} steps")


def learn(network, optimiser, unused, batch, letter_weight):
    """One step; (loss, spelling loss, share of tokens right), or None when it had to be skipped."""
    mel, inputs, targets, letters = batch
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        sound = network.encode(mel, dropout=0.05)
        logits = network.decode(inputs, sound, dropout=0.05)
    logits = logits.float() + unused
    loss = F.cross_entropy(logits.reshape(-1, len(unused)), targets.reshape(-1), ignore_index=IGNORED)
    spelling = spelling_loss(network, sound, letters)

    optimiser.zero_grad()
    (loss + letter_weight * spelling).backward()
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    if not torch.isfinite(norm):
        return None
    optimiser.step()
    with torch.no_grad():
        judged = targets >= 0
        right = (logits.argmax(-1)[judged] == targets[judged]).float().mean().item()
    return loss.item(), spelling.item(), right


def spelling_loss(network, sound, letters):
    lengths = torch.tensor([len(row) for row in letters])
    spoken = lengths > 0
    if not spoken.any():
        return torch.zeros(())
    with torch.autocast("cpu", torch.bfloat16):
        scores = network.letters(sound)
    scores = scores.float().log_softmax(-1)[spoken].transpose(0, 1)
    frames = torch.full((int(spoken.sum()),), scores.shape[0])
    wanted = torch.tensor([letter for row in letters for letter in row])
    return F.ctc_loss(scores, wanted, frames, lengths[spoken], zero_infinity=True)


def save(network, pieces, path):
    """Whole or not at all: a training run that is killed leaves its last checkpoint usable."""
    torch.save({"network": network.state_dict(), "pieces": pieces}, path + ".tmp")
    os.replace(path + ".tmp", path)


if __name__ == "__main__":
    main()
