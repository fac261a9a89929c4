#!/usr/bin/env bash
# Builds the server and starts it: ./run.sh [--urls http://127.0.0.1:9000] [further settings]
# Also runs its verbs:             ./run.sh worker; ./run.sh transcribe talk.mp3; ./run.sh watch ~/recordings; ./run.sh models pull base.en
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")"

need_sdk() {
  local wanted
  wanted=$(sed -n 's/.*"version": *"\([0-9.]*\)".*/\1/p' global.json)
  {
    echo "$1"
    echo "This server needs the .NET SDK $wanted or a newer 10.0 one: https://dotnet.microsoft.com/download/dotnet/10.0"
  } >&2
  exit 1
}

build() {
  command -v dotnet >/dev/null || need_sdk "The 'dotnet' command was not found."
  dotnet --version >/dev/null 2>&1 || need_sdk "The installed .NET SDKs do not fit: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ')."
  local log
  log=$(mktemp)
  if ! dotnet build src/TranscriptionApi -c Release --nologo -v quiet >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}

# Where the server will listen: --urls, else the environment, else the server's own default.
address() {
  local url="${ASPNETCORE_URLS:-${DOTNET_URLS:-${URLS:-}}}" ports="${ASPNETCORE_HTTP_PORTS:-${DOTNET_HTTP_PORTS:-${HTTP_PORTS:-}}}"
  if [ -z "$url" ] && [ -n "$ports" ]; then
    url="http://localhost:${ports%%[;,]*}"
  fi
  while [ $# -gt 0 ]; do
    case "$1" in
      --urls=* | --Urls=* | urls=*) url="${1#*=}" ;;
      --urls | --Urls) url="${2:-$url}" ;;
    esac
    shift
  done
  url="${url:-http://127.0.0.1:8000}"
  url="${url%%;*}"
  url="${url%/}"
  # An address that means "every interface" is no address to call.
  printf '%s\n' "$url" | sed -E 's#//(\*|\+|0\.0\.0\.0|\[::\])(:|/|$)#//localhost\2#'
}

install_ffmpeg() {
  if ! .ci/install ffmpeg >&2; then
    echo "Without ffmpeg only WAV files are understood. Install the package 'ffmpeg' for mp3, m4a, ogg, flac, webm and mp4." >&2
  fi
}

build
program=$PWD/artifacts/bin/TranscriptionApi/release/TranscriptionApi.dll
case "${1:-}" in
  transcribe | watch)
    # The standard output is the result's alone, and file names count from where the command was given.
    install_ffmpeg
    if [ "$called_from" != "$PWD" ]; then
      export DATA__FOLDER="${DATA__FOLDER:-$PWD/data}"
      cd "$called_from"
    fi
    ;;
  worker) install_ffmpeg ;;
  models) ;;
  *)
    install_ffmpeg
    echo "Once it listens, try:"
    echo "  curl $(address "$@")/v1/audio/transcriptions -F model=whisper-1 -F file=@$(printf %q "$PWD")/models/samples/sample-en.wav"
    echo
    ;;
esac
exec dotnet "$program" "$@"
