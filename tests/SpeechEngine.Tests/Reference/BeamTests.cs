using System.Text;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Reference;

/// <summary>Beam search on the clips: at least as right as greedy decoding, and the same every time.</summary>
public sealed class BeamTests(ITestOutputHelper output)
{
    static readonly TranscribeOptions Greedy = new() { Decoding = new DecodingOptions { TemperatureIncrement = 0 } };
    static readonly TranscribeOptions Beams = new() { Decoding = new DecodingOptions { BeamSize = 5, TemperatureIncrement = 0 } };

    [Fact]
    [Trait("Category", "Slow")]
    public void Five_beams_hear_no_worse_than_one()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var (one, five) = (new WordErrorRate(), new WordErrorRate());
        var (scoreOfOne, scoreOfFive) = (0.0, 0.0);
        foreach (var clip in ReferenceTranscripts.Truth().Values.Where(clip => !clip.Clip.StartsWith("long-", StringComparison.Ordinal)))
        {
            using var audio = Recording.Read(TestFiles.Data("clips", clip.Clip));
            var (text, score) = Hear(engine, audio, Greedy with { Language = clip.Language });
            one.Add(clip.Text, text);
            scoreOfOne += score;
            (text, score) = Hear(engine, audio, Beams with { Language = clip.Language });
            five.Add(clip.Text, text);
            scoreOfFive += score;
        }

        output.WriteLine($"word error rate: greedy {one.Percent:F2} %, beam 5 {five.Percent:F2} %; mean log-probability of a text {scoreOfOne / 60:F4}, {scoreOfFive / 60:F4}");
        Assert.InRange(five.Percent, 0, one.Percent);
        Assert.True(scoreOfFive > scoreOfOne, "Beams must find likelier texts, or they search for nothing.");
    }

    [Fact]
    public void The_answer_depends_neither_on_the_run_nor_on_the_number_of_threads()
    {
        string[] clips = ["en-00.wav", "en-06.wav", "en-17.wav", "es-04.wav"];
        var answers = new HashSet<string>();
        foreach (var threads in new[] { 1, 2, 3, 2 })
        {
            using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings { Threads = threads });
            var answer = new StringBuilder();
            foreach (var clip in clips)
            {
                using var audio = Recording.Read(TestFiles.Data("clips", clip));
                foreach (var segment in engine.Transcribe(audio, Beams, null, CancellationToken.None).SelectMany(window => window.Segments))
                {
                    answer.Append(segment.Text).Append(segment.Start).Append(segment.End).Append(segment.AverageLogProbability);
                }
            }

            answers.Add(answer.ToString());
        }

        Assert.Single(answers);
    }

    [Theory]
    [InlineData(1, 1f, null)]
    [InlineData(2, 2.5f, 0.6f)]
    [InlineData(8, 0.25f, 1f)]
    public void Every_size_patience_and_length_penalty_gives_the_sentence(int size, float patience, float? lengthPenalty)
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", "en-02.wav"));
        var options = new TranscribeOptions { Language = "en", Decoding = new DecodingOptions { BeamSize = size, Patience = patience, LengthPenalty = lengthPenalty } };

        Assert.Equal(ReferenceTranscripts.Run("greedy-q8_0").Single(clip => clip.Clip == "en-02.wav").Text, Hear(engine, audio, options).Text);
    }

    static (string Text, double Score) Hear(SpeechToText engine, PcmAudio audio, TranscribeOptions options)
    {
        var segments = engine.Transcribe(audio, options, null, CancellationToken.None).SelectMany(window => window.Segments).ToList();
        return (string.Concat(segments.Select(segment => segment.Text)), segments.Sum(segment => segment.LogProbabilities.Sum()));
    }
}
