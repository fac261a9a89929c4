using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SpeechEngine.Kernels;

namespace SpeechEngine.Speech.Spectral;

/// <summary>
/// A small network over time: 14 mixtures of the features, four layers and a probability. A layer is y = x + max(0, M·d(x) + b), where d sums
/// each channel's values at five moments around, 1, 3, 9 and 27 frames apart in the four layers, and M mixes the channels. All of it sees 1.6 s to either side.
/// <para>Rows run over time, so a vector is that many moments of one channel. Before and after the recording every channel is zero.</para>
/// </summary>
static unsafe class SpeechNetwork
{
    /// <summary>Channels between the layers.</summary>
    public const int Channels = 14;

    /// <summary>Layers after the first mixture.</summary>
    public const int Layers = 4;

    /// <summary>Moments that a layer sums over.</summary>
    public const int Taps = 5;

    /// <summary>Zeros that a row needs on either side.</summary>
    public const int Margin = 64;

    /// <summary>Numbers of a layer: taps, mixture, bias.</summary>
    public const int LayerNumbers = (Channels * Taps) + (Channels * Channels) + Channels;

    /// <summary>All numbers, in the order: first mixture and bias, layers, last mixture and bias.</summary>
    public const int Numbers = (Channels * SpeechFeatures.Count) + Channels + (Layers * LayerNumbers) + Channels + 1;

    /// <summary>Floats of a row of <paramref name="frames"/> frames with its margins, in whole vectors.</summary>
    public static int Stride(int frames) => (2 * Margin) + ((frames + 15) / 16 * 16);

    /// <summary>Floats of working room.</summary>
    public static int WorkFloats(int frames) => 3 * Channels * Stride(frames);

    /// <summary>Computes a probability per frame.</summary>
    /// <param name="numbers"><see cref="Numbers"/> of them.</param>
    /// <param name="features">Rows of [23, frames], <paramref name="featureStride"/> apart.</param>
    /// <param name="work">Room for <see cref="WorkFloats"/>.</param>
    /// <param name="probabilities">[frames], with room for whole vectors.</param>
    public static void Compute(float* numbers, float* features, int featureStride, int frames, float* work, float* probabilities)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Run<Lanes512, Vector512<float>>(numbers, features, featureStride, frames, work, probabilities);
                break;
            case SimdWidth.Vector256:
                Run<Lanes256, Vector256<float>>(numbers, features, featureStride, frames, work, probabilities);
                break;
            case SimdWidth.Vector128:
                Run<Lanes128, Vector128<float>>(numbers, features, featureStride, frames, work, probabilities);
                break;
            default:
                Run<LanesScalar, float>(numbers, features, featureStride, frames, work, probabilities);
                break;
        }
    }

    internal static void Run<TLanes, TVector>(float* numbers, float* features, int featureStride, int frames, float* work, float* probabilities)
        where TLanes : struct, ILanes<TVector>
    {
        var stride = Stride(frames);
        var x = work + Margin;
        var sums = x + (Channels * stride);
        var y = sums + (Channels * stride);
        new Span<float>(work, WorkFloats(frames)).Clear();
        Mix<TLanes, TVector>(numbers, features, featureStride, SpeechFeatures.Count, frames, null, x, stride);
        numbers += (Channels * SpeechFeatures.Count) + Channels;
        var apart = 1;
        for (var layer = 0; layer < Layers; layer++)
        {
            Around<TLanes, TVector>(numbers, x, stride, frames, apart, sums);
            Mix<TLanes, TVector>(numbers + (Channels * Taps), sums, stride, Channels, frames, x, y, stride);
            var earlier = x;
            x = y;
            y = earlier;
            numbers += LayerNumbers;
            apart *= 3;
        }

        Last<TLanes, TVector>(numbers, x, stride, frames, probabilities);
    }

    /// <summary>max(0, M·x + b), plus what was there before where that is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Mix<TLanes, TVector>(float* numbers, float* x, int xStride, int inputs, int frames, float* before, float* y, int stride)
        where TLanes : struct, ILanes<TVector>
    {
        var zero = TLanes.Create(0f);
        for (var output = 0; output < Channels; output++)
        {
            var weights = numbers + (output * inputs);
            var bias = TLanes.Create(numbers[(Channels * inputs) + output]);
            var row = y + (output * stride);
            for (var frame = 0; frame < frames; frame += TLanes.Count)
            {
                var sum = bias;
                for (var input = 0; input < inputs; input++)
                {
                    sum = TLanes.Fma(TLanes.Create(weights[input]), TLanes.Load(x + (input * xStride) + frame), sum);
                }

                sum = TLanes.Max(sum, zero);
                TLanes.Store(before == null ? sum : TLanes.Add(sum, TLanes.Load(before + (output * stride) + frame)), row + frame);
            }

            // The last vector may have gone beyond the recording, where all is zero.
            new Span<float>(row + frames, Margin).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Around<TLanes, TVector>(float* taps, float* x, int stride, int frames, int apart, float* sums)
        where TLanes : struct, ILanes<TVector>
    {
        for (var channel = 0; channel < Channels; channel++)
        {
            var row = x + (channel * stride) - (Taps / 2 * apart);
            for (var frame = 0; frame < frames; frame += TLanes.Count)
            {
                var sum = TLanes.Create(0f);
                for (var tap = 0; tap < Taps; tap++)
                {
                    sum = TLanes.Fma(TLanes.Create(taps[(channel * Taps) + tap]), TLanes.Load(row + frame + (tap * apart)), sum);
                }

                TLanes.Store(sum, sums + (channel * stride) + frame);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Last<TLanes, TVector>(float* numbers, float* x, int stride, int frames, float* probabilities)
        where TLanes : struct, ILanes<TVector>
    {
        var one = TLanes.Create(1f);
        for (var frame = 0; frame < frames; frame += TLanes.Count)
        {
            // The negative of the sum: 1 / (1 + e^-sum).
            var sum = TLanes.Create(-numbers[Channels]);
            for (var channel = 0; channel < Channels; channel++)
            {
                sum = TLanes.Fma(TLanes.Create(-numbers[channel]), TLanes.Load(x + (channel * stride) + frame), sum);
            }

            TLanes.Store(TLanes.Divide(one, TLanes.Add(one, Exponential.Of<TLanes, TVector>(sum))), probabilities + frame);
        }
    }
}
