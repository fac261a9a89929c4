using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Speech;

/// <summary>
/// Sounds in which nobody speaks, made from formulas and a seed; 16 kHz, the same in every run. Levels are those of the root mean square
/// in decibels of full scale, over the whole sound; clicks and melodies take them as the peak of one event.
/// </summary>
static class Sounds
{
    const int Rate = PcmAudio.SampleRate;

    // Swings of a vibrato per second.
    const double Vibrato = 5;

    /// <summary>Digital silence.</summary>
    public static float[] Silence(double seconds) => new float[(int)(seconds * Rate)];

    /// <summary>Gaussian noise with the same power at every frequency.</summary>
    public static float[] White(double seconds, double level, int seed)
    {
        var random = new Random(seed);
        var samples = Silence(seconds);
        for (var i = 0; i + 1 < samples.Length; i += 2)
        {
            // Box and Muller: two normal values from two uniform ones.
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            var (sine, cosine) = Math.SinCos(2 * Math.PI * random.NextDouble());
            samples[i] = (float)(radius * sine);
            samples[i + 1] = (float)(radius * cosine);
        }

        return AtLevel(samples, level);
    }

    /// <summary>Noise whose power falls by 3 dB per octave (seven one-pole filters of white noise, an octave or two apart).</summary>
    public static float[] Pink(double seconds, double level, int seed)
    {
        var samples = White(seconds, 0, seed);
        double[] poles = [0.99886, 0.99332, 0.969, 0.8665, 0.55];
        double[] gains = [0.0555, 0.0751, 0.1539, 0.3104, 0.533];
        var states = new double[poles.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            var sum = 0.3 * samples[i];
            for (var pole = 0; pole < poles.Length; pole++)
            {
                states[pole] = (poles[pole] * states[pole]) + (gains[pole] * samples[i]);
                sum += states[pole];
            }

            samples[i] = (float)sum;
        }

        return AtLevel(samples, level);
    }

    /// <summary>Noise whose power falls by 6 dB per octave above 10 Hz.</summary>
    public static float[] Brown(double seconds, double level, int seed)
    {
        var samples = White(seconds, 0, seed);
        var state = 0d;
        for (var i = 0; i < samples.Length; i++)
        {
            state = (0.996 * state) + samples[i];
            samples[i] = (float)state;
        }

        return AtLevel(samples, level);
    }

    /// <summary>Mains hum with harmonics that fall off, and a little noise.</summary>
    public static float[] Hum(double seconds, double frequency, double level, int seed)
    {
        var random = new Random(seed);
        double[] amplitudes = [.. Enumerable.Range(1, 12).Select(harmonic => (0.3 + random.NextDouble()) / harmonic)];
        double[] phases = [.. amplitudes.Select(_ => random.NextDouble())];
        var samples = White(seconds, -50, seed);
        Fill(samples, time => amplitudes.Select((amplitude, i) => amplitude * Math.Sin(2 * Math.PI * (((i + 1) * frequency * time) + phases[i]))).Sum());
        return AtLevel(samples, level);
    }

    /// <summary>One tone that never changes.</summary>
    public static float[] Tone(double seconds, double frequency, double level)
    {
        var samples = Silence(seconds);
        Fill(samples, time => Math.Sin(2 * Math.PI * frequency * time));
        return AtLevel(samples, level);
    }

    /// <summary>One tone that wanders up and down between two frequencies, <paramref name="rate"/> times a second.</summary>
    public static float[] Sweep(double seconds, double low, double high, double rate, double level)
    {
        var samples = Silence(seconds);
        var phase = 0d;
        Fill(samples, time =>
        {
            phase += low * Math.Pow(high / low, 0.5 - (0.5 * Math.Cos(2 * Math.PI * rate * time))) / Rate;
            return Math.Sin(2 * Math.PI * phase);
        });
        return AtLevel(samples, level);
    }

    /// <summary>Chords of three or four tones that last half a second to two seconds each.</summary>
    /// <param name="vibrato">How far the pitch swings, five times a second, as a share of itself.</param>
    public static float[] Chords(double seconds, int harmonics, double level, int seed, double vibrato = 0)
    {
        var random = new Random(seed);
        var samples = Silence(seconds);
        for (var at = 0d; at < seconds;)
        {
            var length = 0.5 + (1.5 * random.NextDouble());
            var root = 110 * Math.Pow(2, random.Next(24) / 12d);
            int[] steps = random.Next(2) == 0 ? [0, 4, 7] : [0, 3, 7, 10];
            foreach (var step in steps)
            {
                AddNote(samples, at, length, root * Math.Pow(2, step / 12d), harmonics, 0.01, vibrato > 0 ? 2 : 0.2, vibrato);
            }

            at += length;
        }

        return AtPeak(samples, level);
    }

    /// <summary>A tune: notes of a scale, 0.15 to 0.6 s each, struck and dying away, now and then a rest.</summary>
    /// <param name="harmonics">1 for pure tones; more sound like an instrument.</param>
    public static float[] Melody(double seconds, int harmonics, double level, int seed)
    {
        var random = new Random(seed);
        int[] scale = [0, 2, 4, 5, 7, 9, 11, 12];
        var samples = Silence(seconds);
        for (var at = 0d; at < seconds;)
        {
            var length = 0.15 + (0.45 * random.NextDouble());
            if (random.Next(6) > 0)
            {
                AddNote(samples, at, length, 220 * Math.Pow(2, (scale[random.Next(scale.Length)] + (12 * random.Next(2))) / 12d), harmonics, 0.01, 0.5);
            }

            at += length;
        }

        return AtPeak(samples, level);
    }

    /// <summary>Chords broken into single notes, up and down, 4 to 12 of them a second, each dying away under the next.</summary>
    public static float[] Arpeggios(double seconds, int harmonics, double level, int seed)
    {
        var random = new Random(seed);
        var length = 1 / (4.0 + random.Next(9));
        var samples = Silence(seconds);
        int[] steps = [];
        var root = 0d;
        for (var i = 0; i * length < seconds; i++)
        {
            if (i % 8 == 0)
            {
                root = 110 * Math.Pow(2, random.Next(24) / 12d);
                steps = random.Next(2) == 0 ? [0, 4, 7, 12, 16, 12, 7, 4] : [0, 3, 7, 12, 15, 12, 7, 3];
            }

            AddNote(samples, i * length, 3 * length, root * Math.Pow(2, steps[i % 8] / 12d), harmonics, 0.005, length);
        }

        return AtPeak(samples, level);
    }

    /// <summary>Short clicks at random moments: a decaying burst of a few milliseconds each.</summary>
    public static float[] Clicks(double seconds, double perSecond, double level, int seed)
    {
        var random = new Random(seed);
        var samples = White(seconds, level - 50, seed);
        for (var at = 0d; at < seconds; at -= Math.Log(1 - random.NextDouble()) / perSecond)
        {
            var first = (int)(at * Rate);
            var decay = 10 + random.Next(60);
            for (var i = 0; i < 6 * decay && first + i < samples.Length; i++)
            {
                samples[first + i] += (float)(((2 * random.NextDouble()) - 1) * Math.Exp(-(double)i / decay));
            }
        }

        return AtPeak(samples, level);
    }

    /// <summary>What a telephone lets through, 300 to 3400 Hz: two second-order filters (Butterworth) either way.</summary>
    public static float[] Telephone(ReadOnlySpan<float> sound)
    {
        var samples = sound.ToArray();
        foreach (var quality in (ReadOnlySpan<double>)[0.5412, 1.3066])
        {
            Filter(samples, 300, quality, high: true);
            Filter(samples, 3400, quality, high: false);
        }

        return samples;
    }

    /// <summary>The sum of two sounds, as long as the first.</summary>
    public static float[] Mix(ReadOnlySpan<float> sound, ReadOnlySpan<float> other)
    {
        var mixed = sound.ToArray();
        for (var i = 0; i < Math.Min(mixed.Length, other.Length); i++)
        {
            mixed[i] += other[i];
        }

        return mixed;
    }

    /// <summary>Scales to a root mean square of so many decibels of full scale.</summary>
    public static float[] AtLevel(float[] samples, double level) =>
        Scaled(samples, Math.Pow(10, level / 20) / Math.Sqrt(Power(samples)));

    /// <summary>Mean square.</summary>
    public static double Power(ReadOnlySpan<float> samples)
    {
        var sum = 1e-30;
        foreach (var sample in samples)
        {
            sum += (double)sample * sample;
        }

        return sum / Math.Max(samples.Length, 1);
    }

    // Second-order sections by the bilinear transform.
    static void Filter(float[] samples, double frequency, double quality, bool high)
    {
        var k = Math.Tan(Math.PI * frequency / Rate);
        var scale = 1 / (1 + (k / quality) + (k * k));
        var b0 = (high ? 1 : k * k) * scale;
        var b1 = (high ? -2 : 2) * b0;
        var a1 = 2 * ((k * k) - 1) * scale;
        var a2 = (1 - (k / quality) + (k * k)) * scale;
        double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (var i = 0; i < samples.Length; i++)
        {
            var y = (b0 * samples[i]) + (b1 * x1) + (b0 * x2) - (a1 * y1) - (a2 * y2);
            (x2, x1, y2, y1) = (x1, samples[i], y1, y);
            samples[i] = (float)y;
        }
    }

    static float[] AtPeak(float[] samples, double level) =>
        Scaled(samples, Math.Pow(10, level / 20) / samples.Max(Math.Abs));

    static float[] Scaled(float[] samples, double factor)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] *= (float)factor;
        }

        return samples;
    }

    static void Fill(float[] samples, Func<double, double> value)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] += (float)value((double)i / Rate);
        }
    }

    static void AddNote(float[] samples, double start, double length, double frequency, int harmonics, double attack, double decay, double vibrato = 0)
    {
        var first = (int)(start * Rate);
        var count = Math.Min((int)(length * Rate), samples.Length - first);
        for (var i = 0; i < count; i++)
        {
            var time = (double)i / Rate;
            var phase = 2 * Math.PI * frequency * (time + (vibrato / (2 * Math.PI * Vibrato) * Math.Sin(2 * Math.PI * Vibrato * time)));
            var envelope = Math.Min(1, time / attack) * Math.Exp(-time / decay) * Math.Min(1, (length - time) / 0.02);
            for (var harmonic = 1; harmonic <= harmonics && harmonic * frequency < Rate / 2.5; harmonic++)
            {
                samples[first + i] += (float)(envelope / harmonic * Math.Sin(harmonic * phase));
            }
        }
    }
}
