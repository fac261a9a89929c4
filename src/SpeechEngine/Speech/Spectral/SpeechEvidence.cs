namespace SpeechEngine.Speech.Spectral;

/// <summary>Levels and periodicity of frames → probability of speech per frame.</summary>
static unsafe class SpeechEvidence
{
    const int Bands = SpectralFrames.Bands;

    // The background: the quietest blocks of 10 frames among 20 on either side.
    const int Block = 10;
    const int BlocksAround = 20;

    // What the quietest of many noisy means lies below the true one.
    const float QuietestBias = 3.2f;

    // A band counts when it is so far above the background and not so far below the frame's loudest band, where
    // it might be no more than the foot of a single tone.
    const float Audible = 5f;
    const float Foot = 30f;
    const int LeastBands = 5;
    const int LeastCommon = 3;

    // Excess over the background that is not chance, and the mean over all bands that is activity.
    const float Margin = 3f;
    const float ActiveExcess = 1.2f;

    const float LeastPeriodicity = 0.45f;

    // How far apart two frames are whose balance of bands is compared, and the mean change in decibels that a moving mouth makes.
    const int Apart = 2;
    const float LeastChange = 1.2f;
    const float MostLikeness = 0.8f;

    // 1.1 s on either side is asked for voices: so many frames, and such a share of them changing.
    const int Context = 110;
    const float LeastVoiced = 8f;
    const float LeastChanging = 0.28f;

    /// <summary>Floats of working room for <paramref name="frames"/> frames.</summary>
    public static int WorkFloats(int frames) => ((((frames + Block - 1) / Block) + 1) * 2 * Bands) + (4 * (frames + 1));

    /// <summary>Fills <paramref name="probabilities"/>.</summary>
    /// <param name="levels">[frames, 17] in decibels; the background is subtracted from them.</param>
    public static void Decide(float* levels, float* periodicity, float* likeness, int frames, float* work, float[] probabilities)
    {
        var blocks = (frames + Block - 1) / Block;
        var means = work;
        var floors = means + ((blocks + 1) * Bands);
        var excess = floors + ((blocks + 1) * Bands);
        var voiced = excess + frames + 1;
        var changing = voiced + frames + 1;
        SubtractBackground(levels, frames, means, floors, blocks);
        voiced[0] = changing[0] = 0;
        for (var frame = 0; frame < frames; frame++)
        {
            excess[frame] = Excess(levels + (frame * Bands));
            var (voice, change) = Voice(levels, periodicity, likeness, frame, frames, floors);
            voiced[frame + 1] = voiced[frame] + voice;
            changing[frame + 1] = changing[frame] + change;
        }

        for (var frame = 0; frame < frames; frame++)
        {
            var first = Math.Max(frame - Context, 0);
            var end = Math.Min(frame + Context + 1, frames);
            var count = voiced[end] - voiced[first];
            var share = count > 0 ? (changing[end] - changing[first]) / count : 0f;
            var before = excess[Math.Max(frame - 1, 0)];
            var after = excess[Math.Min(frame + 1, frames - 1)];
            var activity = Logistic(2f * (((before + excess[frame] + after) / 3f) - ActiveExcess));
            var context = Logistic(count - LeastVoiced) * Logistic(15f * (share - LeastChanging));
            probabilities[frame] = MathF.Min(activity, context);
        }
    }

    static void SubtractBackground(float* levels, int frames, float* means, float* floors, int blocks)
    {
        for (var block = 0; block < blocks; block++)
        {
            var first = block * Block;
            var count = Math.Min(Block, frames - first);
            for (var band = 0; band < Bands; band++)
            {
                var sum = 0f;
                for (var frame = first; frame < first + count; frame++)
                {
                    sum += levels[(frame * Bands) + band];
                }

                means[(block * Bands) + band] = sum / count;
            }
        }

        for (var block = 0; block < blocks; block++)
        {
            var first = Math.Max(block - BlocksAround, 0);
            var end = Math.Min(block + BlocksAround + 1, blocks);
            for (var band = 0; band < Bands; band++)
            {
                var least = float.PositiveInfinity;
                for (var other = first; other < end; other++)
                {
                    least = MathF.Min(least, means[(other * Bands) + band]);
                }

                floors[(block * Bands) + band] = least + QuietestBias;
            }
        }

        for (var i = 0; i < frames * Bands; i++)
        {
            levels[i] -= floors[(i / Bands / Block * Bands) + (i % Bands)];
        }
    }

    static float Excess(float* levels)
    {
        var sum = 0f;
        for (var band = 0; band < Bands; band++)
        {
            sum += MathF.Max(levels[band] - Margin, 0f);
        }

        return sum / Bands;
    }

    /// <summary>Whether the frame sounds like a voice (1 or 0), and whether it changes as one does.</summary>
    static (float Voice, float Change) Voice(float* levels, float* periodicity, float* likeness, int frame, int frames, float* floors)
    {
        if (periodicity[frame] < LeastPeriodicity || frame < Apart || frame + Apart >= frames)
        {
            return (0f, 0f);
        }

        // The loudest band is meant before the background was subtracted.
        var floor = floors + (frame / Block * Bands);
        var level = levels + (frame * Bands);
        var before = level - (Apart * Bands);
        var after = level + (Apart * Bands);
        var loudest = float.NegativeInfinity;
        for (var band = 0; band < Bands; band++)
        {
            loudest = MathF.Max(loudest, level[band] + floor[band]);
        }

        var heard = 0;
        var common = 0;
        var sum = 0f;
        Span<float> differences = stackalloc float[Bands];
        for (var band = 0; band < Bands; band++)
        {
            if (level[band] > Audible && level[band] + floor[band] > loudest - Foot)
            {
                heard++;
                if (before[band] > Audible && after[band] > Audible)
                {
                    differences[common++] = after[band] - before[band];
                    sum += after[band] - before[band];
                }
            }
        }

        if (heard < LeastBands || common < LeastCommon)
        {
            return (0f, 0f);
        }

        var mean = sum / common;
        var change = 0f;
        foreach (var difference in differences[..common])
        {
            change += MathF.Abs(difference - mean);
        }

        return (1f, change / common >= LeastChange && likeness[frame] <= MostLikeness ? 1f : 0f);
    }

    static float Logistic(float x) => 1f / (1f + MathF.Exp(-x));
}
