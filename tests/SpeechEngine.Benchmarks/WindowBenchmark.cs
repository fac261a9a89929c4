using System.Diagnostics;
using SpeechEngine.Audio;
using SpeechEngine.Decoding;

namespace SpeechEngine.Benchmarks;

/// <summary>Milliseconds per stage of one 30-second window.</summary>
sealed record WindowTimes(double Mel, double Encode, double Prompt, double Token)
{
    /// <summary>The window up to its first token.</summary>
    public double Window => Mel + Encode + Prompt;

    /// <summary>The window with 100 tokens of text, about what 30 seconds of speech hold.</summary>
    public double With100Tokens => Window + (100 * Token);
}

/// <summary>Runs single windows of one recording through a loaded model, stage by stage.</summary>
sealed class WindowBenchmark : IDisposable
{
    const int Tokens = 100;

    readonly SpeechToText _engine;
    readonly DecodingState _state;
    readonly PcmAudio _audio;

    public WindowBenchmark(string model, string wav, int threads)
    {
        _engine = SpeechToText.Load(model, new EngineSettings { Threads = threads });
        _state = _engine.RentState();
        _audio = new AudioDecoder(new AudioDecoderSettings()).Decode(wav, CancellationToken.None);
    }

    /// <summary>One window: mel, encoder with cross-attention keys and values, prompt, then a fixed number of tokens.</summary>
    public WindowTimes Run()
    {
        var start = Stopwatch.GetTimestamp();
        var loudest = float.NaN;
        _state.ComputeMel(_audio.Samples, 0, ref loudest, CancellationToken.None);
        var mel = Lap(ref start);

        _state.Encoder.Encode(_state.Scratch, CancellationToken.None);
        _state.Encoder.FillCross(_state.Scratch, _state.Cross, CancellationToken.None);
        var encode = Lap(ref start);

        var vocabulary = _engine.Vocabulary;
        var prompt = vocabulary.IsMultilingual
            ? new[] { vocabulary.StartOfTranscript, vocabulary.LanguageToken(0), vocabulary.Transcribe }
            : [vocabulary.StartOfTranscript];
        for (var i = 0; i < prompt.Length; i++)
        {
            _state.SetRow(i, prompt[i], i, wantsLogits: i == 0 || i == prompt.Length - 1);
        }

        var logitRow = _state.Decoder.Step(_state.Rows.AsSpan(0, prompt.Length), _state.Scratch, CancellationToken.None) - 1;
        var promptTime = Lap(ref start);

        var rules = new LogitRules(vocabulary, new DecodingOptions(), withTimestamps: true);
        for (var i = 0; i < Tokens; i++)
        {
            var logits = _state.Logits(logitRow);
            rules.Apply(logits, new DecodedSoFar(i, 100, 100, -1));
            TokenChoice.Summarise(logits, vocabulary.FirstTimestamp);
            _state.SetRow(0, 100, prompt.Length + i, wantsLogits: true);
            logitRow = _state.Decoder.Step(_state.Rows.AsSpan(0, 1), _state.Scratch, CancellationToken.None) - 1;
        }

        return new WindowTimes(mel, encode, promptTime, Lap(ref start) / Tokens);
    }

    public void Dispose()
    {
        _engine.ReturnState(_state);
        _engine.Dispose();
        _audio.Dispose();
    }

    static double Lap(ref long start)
    {
        var now = Stopwatch.GetTimestamp();
        var milliseconds = Stopwatch.GetElapsedTime(start, now).TotalMilliseconds;
        start = now;
        return milliseconds;
    }
}
