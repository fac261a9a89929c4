using SpeechEngine.Audio;
using SpeechEngine.Features;
using SpeechEngine.Model;
using SpeechEngine.Tests.Loading;
using SpeechEngine.Words;

namespace SpeechEngine.Tests.Words;

/// <summary>Words from the outside: what may change when they are asked for, and what must hold whatever is heard.</summary>
public sealed class WordTimestampsTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public void Asking_for_words_changes_neither_text_nor_the_way_through_the_audio()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Joined("en-05.wav", "en-02.wav", "es-03.wav", "en-10.wav", "en-11.wav", "en-15.wav", "en-16.wav", "en-20.wav", "en-21.wav", "es-08.wav", "es-09.wav", "es-13.wav", "es-14.wav");
        var plain = engine.Transcribe(audio, new TranscribeOptions { Language = "en" }, null, CancellationToken.None).ToList();
        var withWords = engine.Transcribe(audio, new TranscribeOptions { Language = "en", WordTimestamps = true }, null, CancellationToken.None).ToList();

        Assert.True(plain.Count > 1);
        Assert.Equal(plain.Select(window => (window.Start, window.Position)), withWords.Select(window => (window.Start, window.Position)));
        Assert.Equal(plain.SelectMany(window => window.Segments).Select(segment => segment.Text), withWords.SelectMany(window => window.Segments).Select(segment => segment.Text));
        Assert.All(plain.SelectMany(window => window.Segments), segment => Assert.Empty(segment.Words));
        foreach (var window in withWords)
        {
            AssertOrdered(window.Segments, window.Start, audio.Duration);
        }
    }

    [Fact]
    public void Every_word_has_the_mean_probability_of_its_tokens()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Joined("en-05.wav");
        var segment = engine.Transcribe(audio, new TranscribeOptions { Language = "en", WordTimestamps = true }, null, CancellationToken.None).Single().Segments.Single();

        var text = segment.Tokens.Zip(segment.LogProbabilities).Where(pair => pair.First < engine.Vocabulary.EndOfText).Select(pair => Math.Exp(pair.Second)).ToList();
        Assert.Equal(" sugar,", segment.Words[4].Text);
        Assert.Equal((text[4] + text[5]) / 2, segment.Words[4].Probability, 1e-9);
        Assert.All(segment.Words, word => Assert.InRange(word.Probability, 0, 1));
    }

    [Theory]
    [InlineData(3000)]
    [InlineData(200)]
    [InlineData(8)]
    [InlineData(7)]
    [InlineData(1)]
    public void Any_text_gets_ordered_words_however_little_audio_there_is(int frames)
    {
        using var file = new TempFile(new ModelWriter().Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings());
        var state = engine.RentState();
        var text = " some words, more words. And so on";
        Segment[] segments =
        [
            Segment(text, [.. text.Select(letter => (int)letter), 50400]) with { Start = TimeSpan.FromSeconds(5), End = TimeSpan.FromSeconds(6.5) },
            Segment("", [50364]) with { Start = TimeSpan.FromSeconds(6.5), End = TimeSpan.FromSeconds(6.5) },
            Segment(" ♪", [' ', 0xE2, 0x99, 0xAA, 50500]) with { Start = TimeSpan.FromSeconds(6.5), End = TimeSpan.FromSeconds(40) },
        ];
        var request = new WordRequest { Language = 0, Task = SpeechTask.Transcribe, Seek = 500, Frames = frames, Advance = 3000, Samples = new float[frames * MelSpectrogram.Hop] };

        var placed = WordTimestamps.Add(state, in request, segments, CancellationToken.None);
        engine.ReturnState(state);

        Assert.Equal(segments.Select(segment => segment.Text), placed.Select(segment => segment.Text));
        Assert.Equal(8, placed.Sum(segment => segment.Words.Count));
        AssertOrdered(placed.Where(segment => segment.Text.Length > 0), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5 + (frames / 100.0)));
    }

    [Fact]
    public void No_word_reaches_into_the_next_window()
    {
        using var file = new TempFile(new ModelWriter().Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings());
        var state = engine.RentState();
        var text = " some words, more words. And so on";
        Segment[] segments = [Segment(text, [.. text.Select(letter => (int)letter), 50464]) with { End = TimeSpan.FromSeconds(2) }];
        var request = new WordRequest { Language = 0, Task = SpeechTask.Transcribe, Seek = 0, Frames = 3000, Advance = 200, Samples = new float[480_000] };

        var placed = WordTimestamps.Add(state, in request, segments, CancellationToken.None);
        engine.ReturnState(state);

        AssertOrdered(placed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void More_tokens_than_a_decoder_step_takes_do_no_harm()
    {
        using var file = new TempFile(new ModelWriter().Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings());
        var state = engine.RentState();
        var text = string.Concat(Enumerable.Repeat(" ab", Scratch.MaxDecoderRows / 2));
        Segment[] segments = [Segment(text, [.. text.Select(letter => (int)letter)]) with { End = TimeSpan.FromSeconds(30) }];
        var request = new WordRequest { Language = 0, Task = SpeechTask.Translate, Seek = 0, Frames = 3000, Advance = 3000, Samples = new float[480_000] };

        var placed = WordTimestamps.Add(state, in request, segments, CancellationToken.None);
        engine.ReturnState(state);

        Assert.Equal(Scratch.MaxDecoderRows / 2, placed.Single().Words.Count);
        AssertOrdered(placed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Cancellation_is_heard()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var state = engine.RentState();

        Assert.Throws<OperationCanceledException>(() =>
        {
            var request = new WordRequest { Language = 0, Task = SpeechTask.Transcribe, Seek = 0, Frames = 300, Advance = 3000, Samples = new float[48_000] };
            WordTimestamps.Add(state, in request, [Segment("ab", ['a', 'b'])], new CancellationToken(canceled: true));
        });
        engine.ReturnState(state);
    }

    internal static Segment Segment(string text, int[] tokens) => new()
    {
        Start = TimeSpan.Zero,
        End = TimeSpan.FromSeconds(1),
        Text = text,
        Tokens = tokens,
        LogProbabilities = new float[tokens.Length],
        Language = "en",
        Seek = 500,
        Temperature = 0,
        AverageLogProbability = 0,
        CompressionRatio = 1,
        NoSpeechProbability = 0,
    };

    static void AssertOrdered(IEnumerable<Segment> segments, TimeSpan start, TimeSpan end)
    {
        var last = start;
        foreach (var segment in segments)
        {
            Assert.Equal(segment.Text, string.Concat(segment.Words.Select(word => word.Text)));
            Assert.True(segment.Start >= last);
            foreach (var word in segment.Words)
            {
                Assert.True(word.Start >= last && word.End >= word.Start);
                last = word.End;
            }

            Assert.True(segment.End >= last);
            last = segment.End;
        }

        Assert.True(last <= end);
    }

    /// <summary>Clips one after the other.</summary>
    static PcmAudio Joined(params string[] clips)
    {
        var parts = clips.Select(clip => Recording.Read(TestFiles.Data("clips", clip))).ToList();
        var audio = new PcmAudio(parts.Sum(part => part.SampleCount));
        var at = 0;
        foreach (var part in parts)
        {
            part.Samples.CopyTo(audio.Samples[at..]);
            at += part.SampleCount;
            part.Dispose();
        }

        return audio;
    }
}
