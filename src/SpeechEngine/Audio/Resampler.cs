using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Audio;

/// <summary>
/// One channel of any rate to 16 kHz, block by block: y[k] = Σ x[n] · h(k · rate / 16000 - n), where h is a sinc that cuts
/// below the lower of both half rates, under a Kaiser window. h is symmetric, so the time of every sample is preserved.
/// </summary>
/// <remarks>
/// Attenuation of what would fold back: 90 dB. Pass band: 92 % of the lower half rate (7.36 kHz for inputs from 16 kHz on).
/// At 16 kHz samples pass through untouched. Nothing is allocated after the constructor.
/// </remarks>
sealed class Resampler
{
    const double AttenuationDb = 90;
    const double KaiserBeta = 0.1102 * (AttenuationDb - 8.7); // Kaiser's own formula for the wanted attenuation
    const double TransitionShare = 0.08;

    // The inner product runs in steps of this many taps, four vectors of eight.
    const int TapStep = 32;
    const int BlockSamples = 8 * 1024;

    // Up to here every phase has its own row of taps (1 MiB); odd rates, with up to 16,000 phases, interpolate between rows.
    const int MaxExactTaps = 256 * 1024;
    const int MaxInterpolatedPhases = 512;
    const int MinInterpolatedPhases = 32;

    static readonly double[] BesselSeries = MakeBesselSeries();

    readonly int _inputRate;
    readonly int _up;         // 16000 / gcd: fractions of an input sample are counted in 1 / _up
    readonly int _wholeStep;  // one output sample further is so many input samples ...
    readonly int _partStep;   // ... and so many fractions
    readonly int _tapCount;
    readonly int _phases;
    readonly float[] _taps;   // [phases + 1, taps]
    readonly float[] _window; // the last inputs that are still needed, then the new ones

    int _filled;
    int _start; // where in _window the filter for the next output begins
    int _part;
    long _received;
    long _produced;

    /// <summary>Prepares the filter for <paramref name="inputRate"/> samples per second.</summary>
    public Resampler(int inputRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputRate);

        _inputRate = inputRate;
        var divisor = GreatestCommonDivisor(inputRate, PcmAudio.SampleRate);
        _up = PcmAudio.SampleRate / divisor;
        _wholeStep = inputRate / divisor / _up;
        _partStep = inputRate / divisor % _up;

        var lowerHalfRate = Math.Min(inputRate, PcmAudio.SampleRate) / 2.0;
        var transition = 2 * Math.PI * TransitionShare * lowerHalfRate / inputRate; // radians per input sample
        var taps = (AttenuationDb - 7.95) / (2.285 * transition);                   // Kaiser's estimate
        _tapCount = (int)Math.Ceiling(taps / TapStep) * TapStep;

        _phases = (long)_up * _tapCount <= MaxExactTaps ? _up : InterpolatedPhases(inputRate);
        var cutoff = (1 - (TransitionShare / 2)) * lowerHalfRate / inputRate; // cycles per input sample
        _taps = MakeTaps(_tapCount, _phases, cutoff);

        _window = new float[_tapCount + BlockSamples];
        _filled = (_tapCount / 2) - 1; // silence before the first sample, so that the filter's middle starts there
    }

    Resampler(Resampler other)
    {
        _inputRate = other._inputRate;
        _up = other._up;
        _wholeStep = other._wholeStep;
        _partStep = other._partStep;
        _tapCount = other._tapCount;
        _phases = other._phases;
        _taps = other._taps;
        _window = new float[other._window.Length];
        _filled = (_tapCount / 2) - 1;
    }

    bool PassesThrough => _inputRate == PcmAudio.SampleRate;

    /// <summary>A resampler at its beginning that shares this one's filter: for the other channels of a file, since taps may take 1 MiB.</summary>
    public Resampler Another() => new(this);

    /// <summary>Samples at 16 kHz that <paramref name="inputCount"/> samples become: rounded, half up.</summary>
    public static long OutputLength(long inputCount, int inputRate) =>
        (long)((((Int128)inputCount * PcmAudio.SampleRate) + (inputRate / 2)) / inputRate);

    /// <summary>Room that the output of one call needs at most, for at most <paramref name="inputCount"/> samples of input.</summary>
    public int OutputCapacity(int inputCount) =>
        (int)OutputLength((long)inputCount + _tapCount, _inputRate) + 2;

    /// <summary>Takes <paramref name="input"/> and returns how many samples of <paramref name="output"/> are ready.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The output is shorter than <see cref="OutputCapacity"/>.</exception>
    public int Process(ReadOnlySpan<float> input, Span<float> output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, OutputCapacity(input.Length), nameof(output));

        _received += input.Length;
        if (PassesThrough)
        {
            input.CopyTo(output);
            return input.Length;
        }

        var written = 0;
        while (!input.IsEmpty)
        {
            var taken = Math.Min(input.Length, _window.Length - _filled);
            input[..taken].CopyTo(_window.AsSpan(_filled));
            _filled += taken;
            input = input[taken..];
            written += Filter(output[written..]);
        }

        return written;
    }

    /// <summary>Ends the input and returns how many last samples of <paramref name="output"/> are ready.</summary>
    public int Finish(Span<float> output)
    {
        if (PassesThrough)
        {
            return 0;
        }

        var remaining = (int)(OutputLength(_received, _inputRate) - _produced);
        var written = 0;
        while (written < remaining)
        {
            _window.AsSpan(_filled).Clear(); // silence after the last sample
            _filled = _window.Length;
            written += Filter(output[written..remaining]);
        }

        return written;
    }

    // Fills output as far as the window reaches, then moves the rest of the window to its beginning.
    int Filter(Span<float> output)
    {
        var written = 0;
        while (_start + _tapCount <= _filled && written < output.Length)
        {
            output[written++] = FilterOne(_window.AsSpan(_start, _tapCount));
            _start += _wholeStep;
            _part += _partStep;
            if (_part >= _up)
            {
                _part -= _up;
                _start++;
            }
        }

        var done = Math.Min(_start, _filled);
        _window.AsSpan(done, _filled - done).CopyTo(_window);
        _filled -= done;
        _start -= done;
        _produced += written;
        return written;
    }

    float FilterOne(ReadOnlySpan<float> window)
    {
        if (_phases == _up)
        {
            return Dot(window, Row(_part));
        }

        var position = (long)_part * _phases;
        var row = (int)(position / _up);
        var share = (float)(position % _up) / _up;
        var below = Dot(window, Row(row));
        var above = Dot(window, Row(row + 1));
        return below + (share * (above - below));
    }

    ReadOnlySpan<float> Row(int phase) => _taps.AsSpan(phase * _tapCount, _tapCount);

    // Vector256 is two halves on machines that have only 128 bits; lengths are multiples of TapStep, so nothing is left over.
    static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Debug.Assert(x.Length == y.Length && x.Length % TapStep == 0);

        ref var xs = ref MemoryMarshal.GetReference(x);
        ref var ys = ref MemoryMarshal.GetReference(y);
        var sum0 = Vector256<float>.Zero;
        var sum1 = Vector256<float>.Zero;
        var sum2 = Vector256<float>.Zero;
        var sum3 = Vector256<float>.Zero;
        for (nuint i = 0; i < (nuint)x.Length; i += TapStep)
        {
            sum0 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref xs, i), Vector256.LoadUnsafe(ref ys, i), sum0);
            sum1 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref xs, i + 8), Vector256.LoadUnsafe(ref ys, i + 8), sum1);
            sum2 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref xs, i + 16), Vector256.LoadUnsafe(ref ys, i + 16), sum2);
            sum3 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref xs, i + 24), Vector256.LoadUnsafe(ref ys, i + 24), sum3);
        }

        return Vector256.Sum(sum0 + sum1 + (sum2 + sum3));
    }

    // The error of a straight line between rows is (π · bandwidth / phases)² / 8, here below -105 dB; the more the filter
    // narrows the band, the fewer rows that takes.
    static int InterpolatedPhases(int inputRate)
    {
        var bandwidth = Math.Min(1, (double)PcmAudio.SampleRate / inputRate);
        return Math.Max(MinInterpolatedPhases, (int)Math.Ceiling(MaxInterpolatedPhases * bandwidth));
    }

    static float[] MakeTaps(int tapCount, int phases, double cutoff)
    {
        var taps = new float[(phases + 1) * tapCount];
        var row = new double[tapCount];
        for (var phase = 0; phase <= phases / 2; phase++)
        {
            FillRow(row, (double)phase / phases, cutoff);

            // Every phase passes a constant unchanged; without this, it would come out as a faint tone.
            var scale = 1 / row.Sum();
            for (var i = 0; i < tapCount; i++)
            {
                var tap = (float)(row[i] * scale);
                taps[(phase * tapCount) + i] = tap;
                taps[((phases - phase) * tapCount) + (tapCount - 1 - i)] = tap; // h is symmetric
            }
        }

        return taps;
    }

    static void FillRow(double[] row, double fraction, double cutoff)
    {
        var half = row.Length / 2;
        for (var i = 0; i < row.Length; i++)
        {
            var time = i - half + 1 - fraction; // input samples from the filter's middle
            var depth = 1 - (time / half * (time / half)); // 1 in the middle of the window, 0 at its edges
            // A row has a tap on one edge but never on the other: only 0 there keeps it symmetric.
            row[i] = depth <= 0 ? 0 : Sinc(2 * cutoff * time) * Bessel(KaiserBeta * KaiserBeta * depth);
        }
    }

    static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    // Modified Bessel function of the first kind, order 0, of the root of x2: the shape of the Kaiser window.
    static double Bessel(double x2)
    {
        var sum = 0.0;
        for (var k = BesselSeries.Length - 1; k >= 0; k--)
        {
            sum = (sum * (x2 / 4)) + BesselSeries[k];
        }

        return sum;
    }

    // 1 / (k!)²; enough terms for KaiserBeta, where the last one adds less than 1e-15.
    static double[] MakeBesselSeries()
    {
        var series = new double[26];
        series[0] = 1;
        for (var k = 1; k < series.Length; k++)
        {
            series[k] = series[k - 1] / ((double)k * k);
        }

        return series;
    }

    static int GreatestCommonDivisor(int a, int b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
