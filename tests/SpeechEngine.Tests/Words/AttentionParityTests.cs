using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Model;
using SpeechEngine.Tests.Reference;
using SpeechEngine.Words;

namespace SpeechEngine.Tests.Words;

/// <summary>
/// What the heads heard, against whisper.cpp: with its prompt (no task token), its probabilities (over the whole window) and its plain
/// time warping, the tokens must come out at its times.
/// </summary>
public sealed unsafe class AttentionParityTests(ITestOutputHelper output)
{
    const int WholeWindow = ModelDimensions.WindowFrames / 2;

    [Fact]
    [Trait("Category", "Slow")]
    public void Tokens_are_heard_where_whisper_cpp_hears_them()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var vocabulary = engine.Vocabulary;
        var state = engine.RentState();
        int clips = 0, tokens = 0, same = 0;
        foreach (var clip in ReferenceTranscripts.Run("dtw-q8_0").Where(clip => !clip.Clip.StartsWith("long-", StringComparison.Ordinal)))
        {
            using var audio = Recording.Read(TestFiles.Data("clips", clip.Clip));
            var loudest = float.NaN;
            state.ComputeMel(audio.Samples, 0, ref loudest, CancellationToken.None);
            state.Encoder.Encode(state.Scratch, CancellationToken.None);
            state.Encoder.FillCross(state.Scratch, state.Cross, CancellationToken.None);

            var text = clip.Segments.SelectMany(segment => segment.Tokens).Where(token => token.Id < vocabulary.EndOfText).ToArray();
            var language = vocabulary.LanguageToken(Languages.IndexOf(clip.Language));
            int[] prompt = [vocabulary.StartOfTranscript, language, vocabulary.NoTimestamps];
            TokenAttention.Fill(state, prompt, [.. text.Select(token => token.Id)], WholeWindow, CancellationToken.None);
            var positions = Math.Min(clip.Segments[^1].End, MelSpectrogram.FrameCount(audio.Samples.Length)) / 2;
            var entries = TimeWarping.Entries(state.Scratch.Alignment, prompt.Length - 1, text.Length + 1, positions);

            clips++;
            tokens += text.Length;
            same += text.Where((token, i) => Math.Abs(token.Dtw - (2 * entries[i + 1])) <= 2).Count();
        }

        engine.ReturnState(state);
        output.WriteLine($"{same} of {tokens} tokens in {clips} clips within 20 ms of whisper.cpp's t_dtw");
        Assert.Equal(60, clips);
        Assert.InRange(same, (int)Math.Ceiling(0.95 * tokens), tokens);
    }
}
