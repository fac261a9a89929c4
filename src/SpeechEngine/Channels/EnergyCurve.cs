using SpeechEngine.Audio;

namespace SpeechEngine.Channels;

/// <summary>Energy of a channel up to every 10 ms, so that the energy of any stretch is one subtraction; an eightieth of the samples' memory.</summary>
sealed class EnergyCurve
{
    const int StepSamples = PcmAudio.SampleRate / 100;
    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    readonly double[] _sums; // of the squares of all samples before each step

    public EnergyCurve(ReadOnlySpan<float> samples)
    {
        _sums = new double[(samples.Length / StepSamples) + 1];
        for (var i = 1; i < _sums.Length; i++)
        {
            var sum = 0.0;
            foreach (var sample in samples.Slice((i - 1) * StepSamples, StepSamples))
            {
                sum += (double)sample * sample;
            }

            _sums[i] = _sums[i - 1] + sum;
        }
    }

    /// <summary>Sum of the squares between two times, to the next 10 ms; what lies outside the audio is silent.</summary>
    public double Energy(TimeSpan start, TimeSpan end) => Math.Max(0, _sums[IndexOf(end)] - _sums[IndexOf(start)]);

    /// <summary>Mean of the squares between two times; 0 when there is no audio between them.</summary>
    public double MeanSquare(TimeSpan start, TimeSpan end)
    {
        var steps = IndexOf(end) - IndexOf(start);
        return steps > 0 ? Energy(start, end) / ((double)steps * StepSamples) : 0;
    }

    /// <summary>A mean square in decibels below full scale, at most 0; negative infinity for silence.</summary>
    public static double Decibels(double meanSquare) => Math.Min(0, 10 * Math.Log10(meanSquare));

    int IndexOf(TimeSpan time) => (int)Math.Clamp(Math.Round(time / Step), 0, _sums.Length - 1);
}
