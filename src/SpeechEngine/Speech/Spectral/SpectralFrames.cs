using SpeechEngine.Kernels;

namespace SpeechEngine.Speech.Spectral;

/// <summary>
/// What the detector hears of a frame: levels of 17 bands, how periodic it is and at which pitch, how like its predecessor and how peaked.
/// A frame is 32 ms (512 samples, Hann window) every 20 ms, centred on its 20 ms. The transform is a product over frames folded by
/// symmetry, as in the mel spectrogram, up to 4 kHz; what the frame has above that is its whole energy less the part below (Parseval).
/// </summary>
sealed unsafe class SpectralFrames : IDisposable
{
    /// <summary>Samples from one frame to the next.</summary>
    public const int Hop = 320;

    /// <summary>Bands of a frame: the critical bands (Bark) from 100 Hz to 4 kHz, and one above.</summary>
    public const int Bands = 17;

    /// <summary>Where a frame's values lie: levels in decibels [0, 17), level of the whole, then those named below.</summary>
    public const int Whole = Bands;

    /// <summary>0 to 1: correlation of the spectrum's harmonics with themselves one pitch further.</summary>
    public const int Periodicity = Bands + 1;

    /// <summary>Octaves above 160 Hz of the pitch; 0 where there is none.</summary>
    public const int Pitch = Bands + 2;

    /// <summary>-1 to 1: correlation of the spectrum with that of the frame before.</summary>
    public const int Likeness = Bands + 3;

    /// <summary>Logarithm of the largest amplitude up to 2 kHz over the mean one.</summary>
    public const int Peak = Bands + 4;

    /// <summary>Values of a frame.</summary>
    public const int Values = Bands + 5;

    const int FrameSamples = 512;
    const int Half = FrameSamples / 2;
    const int Bins = 129;
    const int FoldStride = Half + 16;
    const int BinStride = 160;
    const int Chunk = 48;

    // The pitch of a voice lies between 80 and 400 Hz; its harmonics up to 2 kHz are strong enough to tell.
    const int FirstLag = 40;
    const int Lags = 161;
    const int LagStride = 192;
    const int FirstPitchBin = 2;
    const int PitchBins = 62;
    const float MiddleLag = 100f;

    // White noise at -90 dB of full scale, per bin: quieter than that is silence, not a background to rise above.
    const float LeastPower = 2e-7f;

    // Parseval's difference is as exact as single precision: less than this share of the whole is not known.
    const float LeastShare = 1e-5f;

    static readonly int[] BandEdges = [3, 6, 10, 13, 16, 20, 25, 29, 35, 41, 47, 55, 64, 74, 86, 101, Bins];

    readonly AlignedBuffer _window = AlignedBuffer.ForFloats(FrameSamples);
    readonly AlignedBuffer _cosines = Panel.Floats(Half + 1, Bins, static (n, bin) => Math.Cos(2 * Math.PI * n * bin / FrameSamples));
    readonly AlignedBuffer _sines = Panel.Floats(Half + 1, Bins, static (n, bin) => Math.Sin(2 * Math.PI * n * bin / FrameSamples));
    readonly AlignedBuffer _correlation = Panel.Floats(
        PitchBins, Lags + 1, static (k, lag) => Correlation(FirstPitchBin + k, lag == Lags ? 0 : FirstLag + lag));

    public SpectralFrames()
    {
        for (var i = 0; i < FrameSamples; i++)
        {
            _window.Floats[i] = (float)(0.5 * (1 - Math.Cos(2 * Math.PI * i / FrameSamples)));
        }
    }

    /// <summary>Floats of working room.</summary>
    public static int WorkFloats => (Chunk * ((2 * FoldStride) + (2 * BinStride) + LagStride + 1)) + BinStride;

    /// <summary>Computes <paramref name="frames"/> frames.</summary>
    /// <param name="values">[frames, 22].</param>
    public void Compute(ReadOnlySpan<float> samples, int firstFrame, int frames, float* work, float* values)
    {
        var even = work;
        var odd = even + (Chunk * FoldStride);
        var real = odd + (Chunk * FoldStride);
        var before = real + (Chunk * BinStride);
        var imaginary = before + BinStride;
        var lags = imaginary + (Chunk * BinStride);
        var energies = lags + (Chunk * LagStride);
        var plain = new TileFinish { Scale = 1f };
        var cosines = PanelView.Of(PanelFormat.Float, _cosines.Data, Half + 1, Bins);
        var sines = PanelView.Of(PanelFormat.Float, _sines.Data, Half + 1, Bins);
        var correlation = PanelView.Of(PanelFormat.Float, _correlation.Data, PitchBins, Lags + 1);
        new Span<float>(before, BinStride).Clear();
        for (var first = 0; first < frames; first += Chunk)
        {
            var count = Math.Min(Chunk, frames - first);
            for (var frame = 0; frame < count; frame++)
            {
                energies[frame] = Fold(samples, firstFrame + first + frame, even + (frame * FoldStride), odd + (frame * FoldStride));
            }

            MatMul.Compute(even, FoldStride, count, in cosines, in plain, real, BinStride);
            MatMul.Compute(odd, FoldStride, count, in sines, in plain, imaginary, BinStride);
            for (var frame = 0; frame < count; frame++)
            {
                Levels(real + (frame * BinStride), imaginary + (frame * BinStride), energies[frame], values + ((first + frame) * Values));
            }

            // Amplitudes instead of powers: the strongest formant must not drown the other harmonics.
            MatMul.Compute(imaginary + FirstPitchBin, BinStride, count, in correlation, in plain, lags, LagStride);
            for (var frame = 0; frame < count; frame++)
            {
                var value = values + ((first + frame) * Values);
                (value[Periodicity], value[Pitch]) = PitchOf(lags + (frame * LagStride));
                var spectrum = imaginary + FirstPitchBin + (frame * BinStride);
                (value[Likeness], value[Peak]) = Compare(spectrum, spectrum - BinStride);
            }

            // The next chunk's first frame is compared with this one's last.
            Buffer.MemoryCopy(imaginary + ((Chunk - 1) * BinStride), before, BinStride * sizeof(float), BinStride * sizeof(float));
        }
    }

    public void Dispose()
    {
        _window.Dispose();
        _cosines.Dispose();
        _sines.Dispose();
        _correlation.Dispose();
    }

    /// <summary>Windows a frame and adds and subtracts its mirror image; returns its energy on the spectrum's scale.</summary>
    float Fold(ReadOnlySpan<float> samples, int frame, float* even, float* odd)
    {
        var start = ((long)frame * Hop) + (Hop / 2) - Half;
        var edge = stackalloc float[FrameSamples];
        fixed (float* all = samples)
        {
            var source = all + start;
            if (start < 0 || start + FrameSamples > samples.Length)
            {
                for (var i = 0; i < FrameSamples; i++)
                {
                    edge[i] = start + i >= 0 && start + i < samples.Length ? source[i] : 0f;
                }

                source = edge;
            }

            var energy = 0f;
            even[0] = odd[0] = odd[Half] = 0f;
            for (var n = 1; n < Half; n++)
            {
                var weight = _window.Floats[n];
                var left = weight * source[n];
                var right = weight * source[FrameSamples - n];
                even[n] = left + right;
                odd[n] = left - right;
                energy += (left * left) + (right * right);
            }

            even[Half] = source[Half];
            energy += source[Half] * source[Half];

            // Half of the spectrum's bins hold half of the energy.
            return energy * Half;
        }
    }

    /// <summary>Powers per band in decibels; leaves the amplitudes in <paramref name="imaginary"/>.</summary>
    static void Levels(float* real, float* imaginary, float energy, float* levels)
    {
        var below = 0f;
        for (var bin = 0; bin < Bins; bin++)
        {
            var power = (real[bin] * real[bin]) + (imaginary[bin] * imaginary[bin]);
            real[bin] = power;
            imaginary[bin] = MathF.Sqrt(power);
            below += power;
        }

        for (var band = 0; band < Bands - 1; band++)
        {
            var power = 0f;
            for (var bin = BandEdges[band]; bin < BandEdges[band + 1]; bin++)
            {
                power += real[bin];
            }

            levels[band] = Decibels(power + (LeastPower * (BandEdges[band + 1] - BandEdges[band])));
        }

        levels[Bands - 1] = Decibels(MathF.Max(energy - below, LeastShare * energy) + (LeastPower * Bins));
        levels[Whole] = Decibels(energy + (LeastPower * 2 * Bins));
    }

    /// <summary>
    /// Weight of a bin in the correlation at a distance. The window lets less and less overlap with the distance, twice as many decibels of it in a
    /// spectrum of amplitudes; divided by that, a low voice counts as periodic as a high one.
    /// </summary>
    static double Correlation(int bin, int lag)
    {
        var angle = 2 * Math.PI * lag / FrameSamples;
        var overlap = ((1 - ((double)lag / FrameSamples)) * ((2 + Math.Cos(angle)) / 3)) + (Math.Sin(angle) / (2 * Math.PI));
        return Math.Cos(bin * angle) / (overlap * overlap);
    }

    static (float Likeness, float Peak) Compare(float* spectrum, float* before)
    {
        float sum = 0f, sumBefore = 0f, squares = 0f, squaresBefore = 0f, products = 0f, largest = 0f;
        for (var bin = 0; bin < PitchBins; bin++)
        {
            sum += spectrum[bin];
            sumBefore += before[bin];
            squares += spectrum[bin] * spectrum[bin];
            squaresBefore += before[bin] * before[bin];
            products += spectrum[bin] * before[bin];
            largest = MathF.Max(largest, spectrum[bin]);
        }

        var variances = (squares - (sum * sum / PitchBins)) * (squaresBefore - (sumBefore * sumBefore / PitchBins));
        return (
            variances > 0f ? (products - (sum * sumBefore / PitchBins)) / MathF.Sqrt(variances) : 1f,
            sum > 0f ? MathF.Log(largest * PitchBins / sum) : 0f);
    }

    static float Decibels(float power) => 10f * MathF.Log10(MathF.Min(power, 1e30f));

    /// <summary>Largest correlation at a distance that a voice's pitch may have, relative to distance 0, and that pitch.</summary>
    static (float Periodicity, float Pitch) PitchOf(float* lags)
    {
        var at = 0;
        var largest = 0f;
        for (var lag = 1; lag < Lags - 1; lag++)
        {
            // Only a peak counts: a low sound is similar to itself at every short distance.
            if (lags[lag] > largest && lags[lag] >= lags[lag - 1] && lags[lag] >= lags[lag + 1])
            {
                (at, largest) = (lag, lags[lag]);
            }
        }

        var all = lags[Lags];
        if (at == 0 || all <= 0f)
        {
            return (0f, 0f);
        }

        // The top of the parabola through the peak and its neighbours.
        var bend = lags[at - 1] - (2 * largest) + lags[at + 1];
        var exact = FirstLag + at + (bend < 0f ? 0.5f * (lags[at - 1] - lags[at + 1]) / bend : 0f);
        return (largest / all, MathF.Log2(MiddleLag / exact));
    }
}
