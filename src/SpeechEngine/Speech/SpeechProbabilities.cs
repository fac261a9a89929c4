namespace SpeechEngine.Speech;

/// <summary>Probabilities of speech over a recording.</summary>
/// <param name="values">One probability per step, 0 to 1; the last step may reach beyond the recording's end.</param>
/// <param name="step">Samples per value.</param>
sealed class SpeechProbabilities(float[] values, int step)
{
    /// <summary>One probability per <see cref="Step"/>.</summary>
    public float[] Values { get; } = values;

    /// <summary>Samples that one value stands for.</summary>
    public int Step { get; } = step;

    /// <summary>Mean probability over the samples [first, end), each step counting as much as it is covered; 0 where there are none.</summary>
    public double Mean(int firstSample, int endSample)
    {
        var sum = 0d;
        var samples = 0L;
        foreach (var (value, covered) in Covered(firstSample, endSample))
        {
            sum += (double)value * covered;
            samples += covered;
        }

        return samples == 0 ? 0 : sum / samples;
    }

    /// <summary>Share of the samples [first, end) whose probability is at least <paramref name="threshold"/>; 0 where there are none.</summary>
    public double Share(int firstSample, int endSample, double threshold)
    {
        var speech = 0L;
        var samples = 0L;
        foreach (var (value, covered) in Covered(firstSample, endSample))
        {
            speech += value >= threshold ? covered : 0;
            samples += covered;
        }

        return samples == 0 ? 0 : (double)speech / samples;
    }

    /// <summary>Largest probability that touches the samples [first, end); 0 where there are none.</summary>
    public float Largest(int firstSample, int endSample)
    {
        var largest = 0f;
        foreach (var (value, _) in Covered(firstSample, endSample))
        {
            largest = MathF.Max(largest, value);
        }

        return largest;
    }

    IEnumerable<(float Value, long Covered)> Covered(int firstSample, int endSample)
    {
        var first = Math.Max(firstSample, 0L);
        var end = Math.Min(endSample, (long)Values.Length * Step);
        for (var i = first / Step; i * Step < end; i++)
        {
            yield return (Values[i], Math.Min(end, (i + 1) * Step) - Math.Max(first, i * Step));
        }
    }
}
