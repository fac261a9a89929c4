namespace SpeechEngine.Tests.Audio;

/// <summary>Makes tones and finds them again.</summary>
static class Tone
{
    public static float[] Sine(double frequency, int rate, int count, double amplitude = 0.5)
    {
        var samples = new float[count];
        for (var i = 0; i < count; i++)
        {
            samples[i] = (float)(amplitude * Math.Sin(2 * Math.PI * frequency * i / rate));
        }

        return samples;
    }

    /// <summary>A tone that climbs evenly from <paramref name="from"/> to <paramref name="to"/> Hz within <paramref name="seconds"/>.</summary>
    public static float[] Sweep(double from, double to, double seconds, int rate)
    {
        var samples = new float[(int)(seconds * rate)];
        for (var i = 0; i < samples.Length; i++)
        {
            var time = (double)i / rate;
            var turns = (from * time) + ((to - from) * time * time / (2 * seconds));
            samples[i] = (float)(0.5 * Math.Sin(2 * Math.PI * turns));
        }

        return samples;
    }

    /// <summary>Amplitude of the tone of this frequency, and the share of all energy that is in it.</summary>
    public static (double Amplitude, double Share) Find(double frequency, ReadOnlySpan<float> samples, int rate = 16_000)
    {
        double sine = 0, cosine = 0, energy = 0;
        for (var i = 0; i < samples.Length; i++)
        {
            var angle = 2 * Math.PI * frequency * i / rate;
            sine += samples[i] * Math.Sin(angle);
            cosine += samples[i] * Math.Cos(angle);
            energy += samples[i] * (double)samples[i];
        }

        var amplitude = 2 * Math.Sqrt((sine * sine) + (cosine * cosine)) / samples.Length;
        return (amplitude, amplitude * amplitude / 2 * samples.Length / energy);
    }

    public static double Decibels(double ratio) => 20 * Math.Log10(ratio);

    public static double Rms(ReadOnlySpan<float> samples)
    {
        var sum = 0.0;
        foreach (var sample in samples)
        {
            sum += sample * (double)sample;
        }

        return Math.Sqrt(sum / samples.Length);
    }
}
