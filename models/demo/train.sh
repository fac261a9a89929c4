#!/usr/bin/env bash
# Trains the demo model from nothing and writes ggml-demo-f16.bin and ggml-demo-q8_0.bin:
#   ./train.sh FOLDER
# Continues from FOLDER's checkpoint for so many minutes, on long windows:
#   ./train.sh FOLDER --continue 30
# UTTERANCES, SHORT_MINUTES and LONG_MINUTES (environment) make it smaller or larger; PYTHON chooses the interpreter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
folder=${1:?usage: train.sh FOLDER [--continue MINUTES]}
utterances=${UTTERANCES:-20000}
mkdir -p "$folder"

# Two speakers at once, each with its own seed: espeak-ng uses one core only.
for seed in 1 2; do
  data=$folder/speech-$seed.npz
  if [ ! -f "$data" ]; then
    "$python" "$here/speak.py" "$folder/new-$seed.npz" --seed "$seed" --utterances $((utterances / 2)) &&
      mv "$folder/new-$seed.npz" "$data" &
  fi
done
wait
data=("$folder/speech-1.npz" "$folder/speech-2.npz")
for file in "${data[@]}"; do
  [ -f "$file" ] || { echo "Speaking failed: $file is missing." >&2; exit 1; }
done

if [ "${2:-}" = --continue ]; then
  "$python" "$here/train.py" "$folder/checkpoint.pt" "${data[@]}" --init "$folder/checkpoint.pt" --seed "$RANDOM" \
    --short-minutes 0 --long-minutes "${3:?minutes}" --learning-rate 8e-4 --positions-from 0.35 --positions-to 0.35
else
  "$python" "$here/train.py" "$folder/checkpoint.pt" "${data[@]}" --seed 0 \
    --short-minutes "${SHORT_MINUTES:-30}" --long-minutes 0
  "$python" "$here/train.py" "$folder/checkpoint.pt" "${data[@]}" --init "$folder/checkpoint.pt" --seed 1 \
    --short-minutes 0 --long-minutes "${LONG_MINUTES:-30}" --learning-rate 8e-4 --positions-from 0.12 --positions-to 0.35
fi
"$python" "$here/export.py" "$folder/checkpoint.pt" "$folder/ggml-demo-f16.bin" --q8-0 "$folder/ggml-demo-q8_0.bin"
