using System.Globalization;
using SpeechEngine.Decoding;
using SpeechEngine.Tests.Reference;

namespace SpeechEngine.Tests.Words;

/// <summary>Where words begin, against the synthesiser's own times, ours beside whisper.cpp's.</summary>
public sealed class WordAccuracyTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Category", "Slow")]
    public void Words_begin_where_they_were_spoken_and_closer_than_whisper_cpp_puts_them()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var truth = ReferenceTranscripts.Truth();
        var ours = new Deviations();
        var theirs = new Deviations();
        var theirsByOwnToken = new Deviations();
        foreach (var reference in ReferenceTranscripts.Run("dtw-q8_0").Where(clip => truth[clip.Clip].Words is { Length: > 0 }))
        {
            var spoken = truth[reference.Clip];
            using var audio = Recording.Read(TestFiles.Data("clips", reference.Clip));
            var options = new TranscribeOptions { Language = reference.Language, WordTimestamps = true };
            var words = engine.Transcribe(audio, options, null, CancellationToken.None).SelectMany(window => window.Segments).SelectMany(segment => segment.Words);
            ours.Add(spoken, [.. words.Select(word => (word.Text, word.Start.TotalSeconds))]);
            theirs.Add(spoken, TheirWords(engine.Vocabulary, reference, ownToken: false));
            theirsByOwnToken.Add(spoken, TheirWords(engine.Vocabulary, reference, ownToken: true));
        }

        var sides = new[] { ("ours", ours), ("whisper.cpp, token before", theirs), ("whisper.cpp, own token", theirsByOwnToken) };
        output.WriteLine("| word starts | clips | words | median | 90th percentile |");
        output.WriteLine("|---|---|---:|---:|---:|");
        foreach (var (name, side) in sides)
        {
            foreach (var (clips, values) in new[] { ("clean", side.Clean), ("20 dB", side.Noisy), ("all", side.All) })
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {clips} | {values.Count} | {1000 * Deviations.Quantile(values, 0.5):F0} ms | {1000 * Deviations.Quantile(values, 0.9):F0} ms |"));
            }
        }

        var theirBest = Math.Min(theirs.Median, theirsByOwnToken.Median);
        Assert.InRange(ours.All.Count, 350, 450);
        Assert.InRange(ours.Median, 0, theirBest);
        Assert.InRange(ours.Median, 0, 0.060);
        Assert.InRange(Deviations.Quantile(ours.Clean, 0.5), 0, 0.060);
        Assert.InRange(Deviations.Quantile(ours.Noisy, 0.5), 0, 0.070);
        Assert.InRange(Deviations.Quantile(ours.All, 0.9), 0, 0.250);
    }

    /// <summary>whisper.cpp gives each token one time; a word begins with its first token or where the token before it is.</summary>
    static List<(string Text, double Start)> TheirWords(Vocabulary vocabulary, ReferenceClip clip, bool ownToken)
    {
        var words = new List<(string Text, double Start)>();
        foreach (var segment in clip.Segments)
        {
            var before = segment.Start;
            foreach (var token in segment.Tokens.Where(token => token.Id < vocabulary.EndOfText))
            {
                var text = vocabulary.TextOf([token.Id]);
                if (text.StartsWith(' ') || before == segment.Start)
                {
                    words.Add((text, (ownToken ? token.Dtw : before) / 100.0));
                }
                else
                {
                    words[^1] = (words[^1].Text + text, words[^1].Start);
                }

                before = token.Dtw;
            }
        }

        return words;
    }

    sealed class Deviations
    {
        public List<double> Clean { get; } = [];

        public List<double> Noisy { get; } = [];

        public List<double> All => [.. Clean, .. Noisy];

        public double Median => Quantile(All, 0.5);

        public void Add(TrueClip truth, List<(string Text, double Start)> words)
        {
            foreach (var (i, j) in WordMatching.Pairs([.. words.Select(word => word.Text)], [.. truth.Words!.Select(word => word.Text)]))
            {
                (string.IsNullOrEmpty(truth.Noise) ? Clean : Noisy).Add(Math.Abs(words[i].Start - truth.Words![j].Start));
            }
        }

        public static double Quantile(List<double> values, double share) => values.Order().ElementAt((int)(share * (values.Count - 1)));
    }
}
