using SpeechEngine.Features;

namespace SpeechEngine.Words;

/// <summary>
/// The encoder positions (20 ms) of a window at which words can be: within the segments' times, and where there is sound. Pauses are
/// left out, so that a word's duration is counted in sound and no word has to fill a pause.
/// </summary>
sealed class SoundAxis
{
    /// <summary>Samples of one encoder position.</summary>
    public const int Step = 2 * MelSpectrogram.Hop;

    // Loudness is measured over 25 ms.
    const int Reach = 200;

    // Timestamps of segments may be wrong by this much.
    const int Tolerance = 25;

    // The closure of a stop consonant is silent for less than this; it belongs to its word.
    const int LeastPause = 5;

    // Sound is louder than the window's quietest moments, and not much softer than speech; without any contrast everything is sound.
    const double OverNoise = 6;
    const double UnderSpeech = 30;
    const double LeastContrast = 12;
    const double Quietest = 0.05;
    const double Loudest = 0.95;

    // How much worse it is to have a word on both sides of a pause, per position of the pause.
    const float SplitCost = 0.1f;

    readonly int[] _positions;

    SoundAxis(List<int> positions)
    {
        _positions = [.. positions];
        SplitCosts = new float[_positions.Length + 1];
        for (var i = 1; i < _positions.Length; i++)
        {
            SplitCosts[i] = SplitCost * (_positions[i] - _positions[i - 1] - 1);
        }
    }

    /// <summary>Number of positions.</summary>
    public int Count => _positions.Length;

    /// <summary>Encoder positions in ascending order.</summary>
    public ReadOnlySpan<int> Positions => _positions;

    /// <summary>For each place before a position (and after the last) what it costs to divide a word there; 0 where no pause is.</summary>
    public float[] SplitCosts { get; }

    /// <summary>Where something begins that begins at place <paramref name="place"/>.</summary>
    public int StartOf(int place) => place < _positions.Length ? _positions[place] : _positions[^1] + 1;

    /// <summary>Where something ends that ends before place <paramref name="place"/>.</summary>
    public int EndOf(int place) => place > 0 ? _positions[place - 1] + 1 : _positions[0];

    /// <summary>Finds the axis of a window.</summary>
    /// <param name="samples">16 kHz from the window's start.</param>
    /// <param name="positions">Encoder positions with audio, above 0.</param>
    /// <param name="segments">First and last position of each segment.</param>
    public static SoundAxis Find(ReadOnlySpan<float> samples, int positions, ReadOnlySpan<(int First, int Last)> segments)
    {
        var within = new bool[positions];
        foreach (var (first, last) in segments)
        {
            var from = Math.Clamp(first - Tolerance, 0, positions);
            var to = Math.Clamp(last + Tolerance, from, positions);
            within.AsSpan(from..to).Fill(true);
        }

        if (!within.Contains(true))
        {
            within.AsSpan().Fill(true);
        }

        var sounding = Sounding(Loudness(samples, positions), within);
        var chosen = new List<int>(positions);
        for (var i = 0; i < positions; i++)
        {
            if (within[i] && sounding[i])
            {
                chosen.Add(i);
            }
        }

        return new SoundAxis(chosen);
    }

    /// <summary>Mean power around the middle of each position in decibels.</summary>
    static double[] Loudness(ReadOnlySpan<float> samples, int positions)
    {
        const double Least = 1e-10;
        var loudness = new double[positions];
        for (var i = 0; i < positions; i++)
        {
            var middle = (i * Step) + (Step / 2);
            var from = Math.Clamp(middle - Reach, 0, samples.Length);
            var to = Math.Clamp(middle + Reach, from, samples.Length);
            var sum = 0.0;
            foreach (var sample in samples[from..to])
            {
                sum += (double)sample * sample;
            }

            loudness[i] = 10 * Math.Log10((sum / Math.Max(1, to - from)) + Least);
        }

        return loudness;
    }

    static bool[] Sounding(double[] loudness, bool[] within)
    {
        var noise = Quantile(loudness, Quietest);
        var speech = Quantile(loudness.Where((_, i) => within[i]), Loudest);
        var threshold = speech - noise > LeastContrast ? Math.Max(speech - UnderSpeech, noise + OverNoise) : double.NegativeInfinity;
        var sounding = Array.ConvertAll(loudness, value => value > threshold);
        for (var i = 0; i < sounding.Length; i++)
        {
            var end = i;
            while (end < sounding.Length && !sounding[end])
            {
                end++;
            }

            if (i > 0 && end < sounding.Length && end - i < LeastPause)
            {
                sounding.AsSpan(i..end).Fill(true);
            }

            i = end;
        }

        return sounding;
    }

    static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)(share * (sorted.Length - 1))];
    }
}
