namespace SpeechEngine.Speech;

/// <summary>
/// Packs stretches of speech into as few windows as they fill one after the other: a window costs the same whether it is full or not.
/// Windows end only between stretches.
/// <para>
/// Between two stretches up to 200 ms of the true pause are kept, half from its beginning and half from its end. Zeros, as whisper.cpp
/// puts there, are a sound the model never heard in a recording, and its ends would click; no pause at all would run two words together.
/// </para>
/// </summary>
static class SpeechWindows
{
    /// <summary>Samples of a pause that stay.</summary>
    public const int LongestPause = 3200;

    /// <summary>Packs <paramref name="regions"/>, each no longer than the longest window.</summary>
    /// <param name="regions">In order, without overlap, as <see cref="SpeechRegions.Find"/> returns them.</param>
    /// <exception cref="ArgumentException">A region is longer than a window or lies outside the recording.</exception>
    public static List<SpeechWindow> Plan(IReadOnlyList<SpeechRegion> regions, SpeechDetectionOptions options, int totalSamples)
    {
        options.Check();
        var most = SpeechRegions.Samples(options.MaximumLength);
        var windows = new List<SpeechWindow>();
        for (var first = 0; first < regions.Count;)
        {
            var length = Checked(regions[first], most, totalSamples).Length;
            var end = first + 1;
            while (end < regions.Count)
            {
                var longer = length + PauseKept(regions[end - 1], regions[end]) + Checked(regions[end], most, totalSamples).Length;
                if (longer > most)
                {
                    break;
                }

                length = longer;
                end++;
            }

            windows.Add(Window([.. regions.Skip(first).Take(end - first)]));
            first = end;
        }

        return windows;
    }

    static SpeechWindow Window(SpeechRegion[] regions)
    {
        var pieces = new List<WindowPiece>();
        var start = regions[0].Start;
        var offset = 0;
        for (var i = 0; i < regions.Length; i++)
        {
            var end = regions[i].End;
            if (i + 1 < regions.Length)
            {
                var next = regions[i + 1].Start;
                if (next - end <= LongestPause)
                {
                    continue;
                }

                pieces.Add(new WindowPiece(start, offset, end + (LongestPause / 2) - start));
                start = next - (LongestPause / 2);
            }
            else
            {
                pieces.Add(new WindowPiece(start, offset, end - start));
            }

            offset += pieces[^1].Length;
        }

        return new SpeechWindow(regions, pieces);
    }

    static int PauseKept(SpeechRegion before, SpeechRegion after) => after.Start >= before.End
        ? Math.Min(after.Start - before.End, LongestPause)
        : throw new ArgumentException($"The region at sample {after.Start} begins before the end of the one before, {before.End}.");

    static SpeechRegion Checked(SpeechRegion region, int most, int totalSamples) =>
        region.Start >= 0 && region.End <= totalSamples && region.Length > 0 && region.Length <= most
            ? region
            : throw new ArgumentException($"The region {region} is longer than {most} samples or not inside a recording of {totalSamples}.");
}
