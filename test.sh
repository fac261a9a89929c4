#!/usr/bin/env bash
# Everything that has to hold before a change is merged: build without warnings, format, all tests on all SIMD paths.
# Ends with one line "N passed, N failed, N skipped"; the exit code is not zero when anything failed.
set -euo pipefail
cd "$(dirname "$0")"

passed=0
failed=0
skipped=0

finish() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit
}

# A check that is no test counts only when it fails.
check() {
  echo "== $*"
  if ! "$@"; then
    echo "FAILED: $*" >&2
    failed=$((failed + 1))
    return 1
  fi
}

# field NAME: the number behind "NAME:" in the runner's summary line.
field() {
  sed -n "s/.* $1: \([0-9]*\).*/\1/p" <<<"$summary"
}

# run_tests PROJECT [VARIABLE=VALUE...] [-- RUNNER-OPTION...]
run_tests() {
  local project=$1 settings=() output status=0 summary
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    settings+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  echo "== $project ${settings[*]:-}"
  output=$(mktemp)
  env -u SPEECH_ENGINE_EXPECT -u DOTNET_EnableAVX512 -u DOTNET_EnableHWIntrinsic ${settings[@]+"${settings[@]}"} \
    dotnet "artifacts/bin/$project/release/$project.dll" -noColor -noLogo -noAutoReporters "$@" 2>&1 | tee "$output" || status=$?
  summary=$(grep -E '^ +[^ ]+ +Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+' "$output" | tail -n 1 || true)
  rm -f "$output"
  if [ -z "$summary" ]; then
    echo "FAILED: $project ended with code $status and without a summary" >&2
    failed=$((failed + 1))
    return
  fi

  local total errors failures skips idle
  total=$(field Total) errors=$(field Errors) failures=$(field Failed) skips=$(field Skipped) idle=$(field 'Not Run')
  passed=$((passed + total - failures - skips - ${idle:-0}))
  failed=$((failed + failures + errors))
  skipped=$((skipped + skips))
  if [ "$status" -ne 0 ] && [ $((failures + errors)) -eq 0 ]; then
    echo "FAILED: $project ended with code $status" >&2
    failed=$((failed + 1))
  fi
}

.ci/install ffmpeg node npm || echo "Tests that need ffmpeg or node will say so." >&2
# By itself: where there is no such package, the others are wanted all the same.
.ci/install postgresql || echo "Tests of jobs on PostgreSQL will say so." >&2
.ci/install prometheus || echo "Tests that need Prometheus will say so." >&2

# An advisory about a package is worth a warning; it must not stop a build that passed yesterday.
check dotnet build TranscriptionApi.sln -c Release --nologo -warnaserror "-warnnotaserror:NU1901;NU1902;NU1903;NU1904;NU1905" || finish
check dotnet format TranscriptionApi.sln --verify-no-changes --no-restore || true

for folder in tests/*.Tests; do
  project=$(basename "$folder")
  run_tests "$project" -- -showLiveOutput
  if [ "$project" = SpeechEngine.Tests ]; then
    # The same tests on the narrower SIMD paths; SPEECH_ENGINE_EXPECT makes the tests check that the switch really worked.
    if grep -qs avx2 /proc/cpuinfo; then
      run_tests "$project" DOTNET_EnableAVX512=0 SPEECH_ENGINE_EXPECT=Vector256 -- -trait- "Category=Slow"
    else
      echo "== $project without AVX-512: not run, this processor has no AVX2"
    fi
    run_tests "$project" DOTNET_EnableHWIntrinsic=0 SPEECH_ENGINE_EXPECT=Scalar -- -trait- "Category=Slow"
  fi
done

finish
