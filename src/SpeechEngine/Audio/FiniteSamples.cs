namespace SpeechEngine.Audio;

/// <summary>
/// Keeps float audio usable: a single NaN or a number like 1e38 in a file would spread through the filter and the
/// spectrum over all of the text. Ordinary overshoot beyond ±1 is left alone.
/// </summary>
static class FiniteSamples
{
    // Far above any audio, even of files that wrote 16-bit numbers as floats; its square is far below overflow.
    const float Loudest = 65_536f;

    public static float Enforce(float sample) =>
        float.IsFinite(sample) ? Math.Clamp(sample, -Loudest, Loudest) : 0;

    public static void Enforce(Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = Enforce(samples[i]);
        }
    }
}
