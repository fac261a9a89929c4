namespace SpeechEngine.Speech;

/// <summary>A stretch of a recording in which somebody speaks: the samples [<paramref name="Start"/>, <paramref name="End"/>).</summary>
readonly record struct SpeechRegion(int Start, int End)
{
    public int Length => End - Start;
}

/// <summary>
/// Probabilities → stretches of speech. Follows whisper.cpp's whisper_vad_segments_from_probs: a threshold to begin and a lower one to end,
/// pauses that are too short are bridged, stretches that are too short are dropped, and what is left is padded.
/// <para>
/// It differs where whisper.cpp's way hurts. Nothing reaches beyond the recording's end, as its last padded window does. And the
/// longest stretch is kept to: whisper.cpp cuts before it bridges, which undoes most cuts, loses the window in which it cut, and drops the
/// remainder if that is short. Here stretches are found first and cut afterwards, at their best pause, without a gap.
/// </para>
/// </summary>
static class SpeechRegions
{
    const int SamplesPerMillisecond = 16;

    // The lower threshold, at which speech ends.
    const double Hysteresis = 0.15;
    const double LeastThreshold = 0.01;

    // Stretches with less than this between them are one.
    const int Bridge = 200 * SamplesPerMillisecond;

    // A pause is judged by the mean probability over this length: a single low value is no pause.
    const int Pause = 160 * SamplesPerMillisecond;

    /// <summary>Finds the stretches of speech, in order, without overlap, inside the recording.</summary>
    /// <param name="totalSamples">Length of the recording.</param>
    public static List<SpeechRegion> Find(SpeechProbabilities probabilities, SpeechDetectionOptions options, int totalSamples)
    {
        options.Check();
        var least = Samples(options.MinimumSpeech);
        var regions = Bridged(Above(probabilities, options, totalSamples));
        regions.RemoveAll(region => region.Length < least);
        Pad(regions, Samples(options.Padding), totalSamples);
        return Cut(regions, probabilities, options);
    }

    /// <summary>Whole samples of a time; whisper.cpp counts in whole milliseconds.</summary>
    public static int Samples(TimeSpan time) => (int)Math.Min((long)time.TotalMilliseconds * SamplesPerMillisecond, int.MaxValue / 2);

    static List<SpeechRegion> Above(SpeechProbabilities probabilities, SpeechDetectionOptions options, int totalSamples)
    {
        var regions = new List<SpeechRegion>();
        var leastSpeech = Samples(options.MinimumSpeech);
        var leastSilence = Samples(options.MinimumSilence);
        var end = Math.Max(options.Threshold - Hysteresis, LeastThreshold);
        var speaking = false;
        var start = 0;
        var silence = -1;
        for (var i = 0; i < probabilities.Values.Length; i++)
        {
            var at = (int)Math.Min((long)i * probabilities.Step, totalSamples);
            var value = probabilities.Values[i];
            if (value >= options.Threshold)
            {
                silence = -1;
                start = speaking ? start : at;
                speaking = true;
            }
            else if (speaking && value < end)
            {
                silence = silence < 0 ? at : silence;
                if (at - silence >= leastSilence)
                {
                    Add(start, silence);
                    speaking = false;
                    silence = -1;
                }
            }
        }

        if (speaking)
        {
            Add(start, totalSamples);
        }

        return regions;

        void Add(int first, int last)
        {
            if (last - first > leastSpeech)
            {
                regions.Add(new SpeechRegion(first, last));
            }
        }
    }

    static List<SpeechRegion> Bridged(List<SpeechRegion> regions)
    {
        var bridged = new List<SpeechRegion>(regions.Count);
        foreach (var region in regions)
        {
            if (bridged.Count > 0 && region.Start - bridged[^1].End < Bridge)
            {
                bridged[^1] = bridged[^1] with { End = region.End };
            }
            else
            {
                bridged.Add(region);
            }
        }

        return bridged;
    }

    static void Pad(List<SpeechRegion> regions, int padding, int totalSamples)
    {
        for (var i = 0; i < regions.Count; i++)
        {
            var (start, end) = regions[i];
            if (i == 0)
            {
                start = Math.Max(start - padding, 0);
            }

            if (i + 1 == regions.Count)
            {
                end = Math.Min(end + padding, totalSamples);
            }
            else
            {
                // Half of a short pause goes to either side.
                var next = regions[i + 1];
                var gap = next.Start - end;
                var share = gap < 2L * padding ? gap / 2 : padding;
                end += share;
                regions[i + 1] = next with { Start = next.Start - share };
            }

            regions[i] = new SpeechRegion(start, end);
        }
    }

    static List<SpeechRegion> Cut(List<SpeechRegion> regions, SpeechProbabilities probabilities, SpeechDetectionOptions options)
    {
        var most = Samples(options.MaximumLength);
        var least = Math.Clamp(Samples(options.MinimumSpeech), 1, most / 4);
        var cut = new List<SpeechRegion>(regions.Count);
        foreach (var region in regions)
        {
            var rest = region;
            while (rest.Length > most)
            {
                // Both parts are worth listening to: the first takes at least half a stretch, the last the shortest stretch.
                var at = BestPause(probabilities, rest.Start + (most / 2), Math.Min(rest.Start + most, rest.End - least));
                cut.Add(rest with { End = at });
                rest = rest with { Start = at };
            }

            cut.Add(rest);
        }

        return cut;
    }

    /// <summary>Middle of the least likely speech between two samples; among equals the last, which makes the longest stretch.</summary>
    static int BestPause(SpeechProbabilities probabilities, int first, int last)
    {
        var best = last;
        var least = double.PositiveInfinity;
        for (var at = last; at >= first; at -= probabilities.Step)
        {
            var mean = probabilities.Mean(at - (Pause / 2), at + (Pause / 2));
            if (mean < least - 1e-6)
            {
                (best, least) = (at, mean);
            }
        }

        return best;
    }
}
