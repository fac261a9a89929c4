namespace SpeechEngine.Speech;

/// <summary>Says for every short step of a recording how likely somebody speaks in it. One instance serves concurrent calls.</summary>
interface ISpeechDetector : IDisposable
{
    /// <summary>Goes through the whole recording.</summary>
    /// <param name="samples">16 kHz, full scale at ±1.</param>
    SpeechProbabilities Detect(ReadOnlySpan<float> samples, CancellationToken cancellation);
}
