using SpeechEngine.Audio;

namespace SpeechEngine.Speech;

/// <summary>One stretch of the recording that a window takes over unchanged.</summary>
/// <param name="Start">First sample in the recording.</param>
/// <param name="Offset">First sample in the window.</param>
readonly record struct WindowPiece(int Start, int Offset, int Length);

/// <summary>
/// A window of at most 30 s that holds whole stretches of speech and little of the pauses between them, and the way back from its own time
/// to the recording's. All times are whole samples of 62.5 µs, which <see cref="TimeSpan"/> holds exactly.
/// </summary>
sealed class SpeechWindow
{
    const long TicksPerSample = TimeSpan.TicksPerSecond / PcmAudio.SampleRate;

    // Two pieces meet in the background noise of a pause; 5 ms in which one becomes the other leave no click there.
    const int Blend = 80;

    /// <summary>Takes over pieces that follow each other without a gap in the window.</summary>
    public SpeechWindow(IReadOnlyList<SpeechRegion> regions, IReadOnlyList<WindowPiece> pieces)
    {
        Regions = regions;
        Pieces = pieces;
        Length = pieces[^1].Offset + pieces[^1].Length;
    }

    /// <summary>The stretches of speech in this window, in the recording's samples.</summary>
    public IReadOnlyList<SpeechRegion> Regions { get; }

    /// <summary>What the window is made of; a piece may hold several regions with the true pauses between them.</summary>
    public IReadOnlyList<WindowPiece> Pieces { get; }

    /// <summary>Samples of the window.</summary>
    public int Length { get; }

    /// <summary>Where the first region begins in the recording.</summary>
    public TimeSpan Start => TimeOf(Regions[0].Start);

    /// <summary>Where the last region ends in the recording.</summary>
    public TimeSpan End => TimeOf(Regions[^1].End);

    /// <summary>Writes the window's samples.</summary>
    /// <param name="window">Room for <see cref="Length"/> samples; what lies behind them is left alone.</param>
    /// <returns><see cref="Length"/>.</returns>
    public int CopyTo(ReadOnlySpan<float> audio, Span<float> window)
    {
        for (var i = 0; i < Pieces.Count; i++)
        {
            var piece = Pieces[i];
            var target = window.Slice(piece.Offset, piece.Length);
            audio.Slice(piece.Start, piece.Length).CopyTo(target);
            if (i + 1 < Pieces.Count)
            {
                BlendInto(target, audio[..Pieces[i + 1].Start]);
            }
        }

        return Length;
    }

    /// <summary>The recording's time at which something begins; where two pieces meet it belongs to the one that follows.</summary>
    /// <param name="windowTime">Held within the window.</param>
    public TimeSpan StartOf(TimeSpan windowTime)
    {
        var ticks = Math.Clamp(windowTime.Ticks, 0, Length * TicksPerSample);
        var i = Pieces.Count - 1;
        while (i > 0 && ticks < Pieces[i].Offset * TicksPerSample)
        {
            i--;
        }

        return Within(Pieces[i], ticks);
    }

    /// <summary>The recording's time at which something ends; where two pieces meet it belongs to the one before.</summary>
    /// <param name="windowTime">Held within the window.</param>
    public TimeSpan EndOf(TimeSpan windowTime)
    {
        var ticks = Math.Clamp(windowTime.Ticks, 0, Length * TicksPerSample);
        var i = 0;
        while (i < Pieces.Count - 1 && ticks > (Pieces[i].Offset + Pieces[i].Length) * TicksPerSample)
        {
            i++;
        }

        return Within(Pieces[i], ticks);
    }

    /// <summary>
    /// The recording's times of a word, which stays inside one region: the one its middle lies in, or, for a middle in a pause, the nearest.
    /// The model's times are coarse, and a word that seems to reach over a pause would otherwise last as long as the pause.
    /// </summary>
    public (TimeSpan Start, TimeSpan End) WordOf(TimeSpan start, TimeSpan end)
    {
        var middle = StartOf((start + end) / 2).Ticks;
        var region = Regions[0];
        foreach (var candidate in Regions)
        {
            region = Distance(candidate, middle) < Distance(region, middle) ? candidate : region;
        }

        return (Held(StartOf(start), region), Held(EndOf(end), region));
    }

    static TimeSpan TimeOf(int sample) => new(sample * TicksPerSample);

    static TimeSpan Within(in WindowPiece piece, long ticks) => new(((piece.Start - (long)piece.Offset) * TicksPerSample) + ticks);

    static TimeSpan Held(TimeSpan time, SpeechRegion region) =>
        new(Math.Clamp(time.Ticks, region.Start * TicksPerSample, region.End * TicksPerSample));

    static long Distance(SpeechRegion region, long ticks) =>
        Math.Max(Math.Max((region.Start * TicksPerSample) - ticks, ticks - (region.End * TicksPerSample)), 0);

    static void BlendInto(Span<float> piece, ReadOnlySpan<float> before)
    {
        var length = Math.Min(Blend, Math.Min(piece.Length, before.Length));
        for (var i = 0; i < length; i++)
        {
            var weight = (i + 0.5f) / length;
            ref var sample = ref piece[piece.Length - length + i];
            sample = (sample * (1f - weight)) + (before[before.Length - length + i] * weight);
        }
    }
}
