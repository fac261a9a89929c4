using System.Globalization;
using System.Text;
using SpeechEngine;
using TranscriptionApi.Transcriptions.Subtitles;

namespace TranscriptionApi.Tests.Transcriptions;

/// <summary>How segments become cues.</summary>
public sealed class SubtitleTests
{
    static readonly string[] Vocabulary =
    [
        " a", " the", " I", " said,", " and", " then:", " subtitle", " \"Really?\"", " internationalisation", " 3.5", " well-known", " naïve.", " end.", " oh!", " e\u0301te\u0301",
        " Donaudampfschifffahrtsgesellschaft", "-->", " …", "、", "。", "世", "界", "「", "」", "ー", "っ", "カ", "안녕하세요", " สวัสดี", "เ", "ก", "👨‍👩‍👧", " 👍🏽", "  ", "\n", "\u3000",
    ];

    [Fact]
    public void Without_a_shape_every_segment_is_a_cue()
    {
        var segments = new[] { ScriptedEngine.Segment(0, 1, " one"), ScriptedEngine.Segment(1, 2, "") };

        Assert.Equal([(0.0, 1.0, " one"), (1, 2, "")], Seen(Cue.Of(segments, null, TimeSpan.FromSeconds(9))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_said_the_cues_keep_every_promise(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var segments = Speech(random);
            var duration = segments[^1].End + TimeSpan.FromSeconds(random.Next(3));
            var shape = new SubtitleShape
            {
                MaxLineWidth = random.Next(4) == 0 ? null : random.Next(8, 50),
                MaxLineCount = random.Next(3) == 0 ? null : random.Next(1, 4),
                MaxCharactersPerSecond = random.Next(2) == 0 ? null : random.Next(1, 40),
            };
            var cues = Cue.Of(segments, shape, duration).ToList();

            Assert.Equal(Bare(segments.Select(segment => segment.Text)), Bare(cues.SelectMany(cue => cue.Lines)));
            AssertTimes(segments, cues, duration);
            AssertLines(cues, shape);
            AssertReadable(segments, cues, shape, duration);
        }
    }

    [Theory]
    [InlineData("It was a bright cold day in April.", 42, 2, "It was a bright cold day in April.")]
    [InlineData("It was a bright cold day in April, and the clocks were striking thirteen.", 42, 2, "It was a bright cold day in April,|and the clocks were striking thirteen.")]
    [InlineData("It was a bright cold day in April, and the clocks were striking thirteen.", 42, 1, "It was a bright cold day in April,//and the clocks were striking thirteen.")]
    [InlineData("one two three four five six seven", 20, 2, "one two three four|five six seven")]
    [InlineData("Yes. The rest of this is one sentence that needs two whole lines to be shown.", 40, 2, "Yes. The rest of this is one sentence|that needs two whole lines to be shown.")]
    [InlineData("This is the first sentence here. This is the second sentence here.", 34, 1, "This is the first sentence here.//This is the second sentence here.")]
    [InlineData("Donaudampfschifffahrtsgesellschaft ist lang", 10, 2, "Donaudampfschifffahrtsgesellschaft|ist lang")]
    [InlineData("お待たせいたしました。ただいまより、始めます。", 24, 2, "お待たせいたしました。|ただいまより、始めます。")]
    [InlineData("彼は「世界」と言った", 10, 3, "彼は|「世界」|と言った")]
    [InlineData("이것은 한국어 문장입니다", 14, 2, "이것은 한국어|문장입니다")]
    [InlineData("ยินดีต้อนรับเข้าสู่รายการ", 12, 2, "ยินดีต้อนรับ|เข้าสู่รายการ")]
    public void Lines_are_balanced_and_cut_where_one_pauses(string text, int width, int lines, string expected) =>
        Assert.Equal(expected, Shown(Cue.Of([ScriptedEngine.Segment(0, 10, " " + text)], new SubtitleShape { MaxLineWidth = width, MaxLineCount = lines }, TimeSpan.FromSeconds(10))));

    [Theory]
    [InlineData("世", "界", true)]
    [InlineData("は", "G", true)]
    [InlineData("界", "」", false)]
    [InlineData("界", "。", false)]
    [InlineData("「", "世", false)]
    [InlineData("カ", "ー", false)]
    [InlineData("ち", "ょ", false)]
    [InlineData("ส", "วั", true)]
    [InlineData("เ", "ก", false)]
    [InlineData("안", "녕", false)]
    [InlineData("a", "b", false)]
    [InlineData("-", "w", false)]
    public void Scripts_without_spaces_are_cut_between_characters(string before, string after, bool may) => Assert.Equal(may, LineRules.MayCut(before, after));

    [Fact]
    public void Two_lines_of_42_are_what_is_not_said()
    {
        const string Text = "It was a bright cold day in April, and the clocks were striking thirteen. Winston Smith slipped quickly through the glass doors.";
        string With(SubtitleShape shape) => Shown(Cue.Of([ScriptedEngine.Segment(0, 10, Text)], shape, TimeSpan.FromSeconds(10)));

        var full = With(new SubtitleShape { MaxLineWidth = 42, MaxLineCount = 2 });
        Assert.Equal(full, With(new SubtitleShape { MaxLineWidth = 42 }));
        Assert.Equal(full, With(new SubtitleShape { MaxLineCount = 2 }));
        Assert.Equal(Text, With(new SubtitleShape { MaxCharactersPerSecond = 100 }));
    }

    [Fact]
    public void Cues_keep_time_with_the_words()
    {
        var segment = ScriptedEngine.Segment(
            0, 10, " One two three. Four five.",
            ScriptedEngine.Word(0.5, 1, " One"), ScriptedEngine.Word(1, 1.5, " two"), ScriptedEngine.Word(1.5, 2, " three."),
            ScriptedEngine.Word(6, 7, " Four"), ScriptedEngine.Word(7, 8, " five."));

        Assert.Equal(
            [(0.5, 2.0, "One two three."), (6, 8, "Four five.")],
            Seen(Cue.Of([segment], new SubtitleShape { MaxLineWidth = 42 }, TimeSpan.FromSeconds(10))));
    }

    [Fact]
    public void Words_that_are_not_the_text_are_not_believed()
    {
        var segment = ScriptedEngine.Segment(2, 4, " one two", ScriptedEngine.Word(2, 3, " one"));

        Assert.Equal([(2.0, 4.0, "one two")], Seen(Cue.Of([segment], new SubtitleShape { MaxLineWidth = 42 }, TimeSpan.FromSeconds(4))));
    }

    [Fact]
    public void Without_words_time_is_spread_over_the_characters() =>
        Assert.Equal(
            [(10.0, 14.0, "abcdefgh"), (15, 20, "ijklmnopqr")],
            Seen(Cue.Of([ScriptedEngine.Segment(10, 20, " abcdefgh, ijklmnopqr".Replace(",", " ", StringComparison.Ordinal))], new SubtitleShape { MaxLineWidth = 10, MaxLineCount = 1 }, TimeSpan.FromSeconds(20))));

    [Fact]
    public void Fast_cue_stays_on_in_the_silence_but_not_into_the_next()
    {
        var segments = new[] { ScriptedEngine.Segment(0, 1, " twenty characters .."), ScriptedEngine.Segment(5, 6, " twenty characters .."), ScriptedEngine.Segment(6.5, 7, " twenty characters ..") };
        var shape = new SubtitleShape { MaxCharactersPerSecond = 10 };

        Assert.Equal([(0.0, 2.0), (5, 6.5), (6.5, 8.5)], Times(Cue.Of(segments, shape, TimeSpan.FromSeconds(9))));
        Assert.Equal([(0.0, 2.0), (5, 6.5), (6.5, 7.25)], Times(Cue.Of(segments, shape, TimeSpan.FromSeconds(7.25))));
        var call = new[] { segments[0] with { Channel = 1 }, segments[1] with { Channel = 0 }, segments[2] with { Channel = 1 } };
        Assert.Equal([(0.0, 2.0), (5, 7), (6.5, 8.5)], Times(Cue.Of(call, shape, TimeSpan.FromSeconds(9))));
        Assert.Equal([1, 0, 1], Cue.Of(call, shape, TimeSpan.FromSeconds(9)).Select(cue => cue.Channel));
        Assert.Equal([1, 0, 1], Cue.Of(call, null, TimeSpan.FromSeconds(9)).Select(cue => cue.Channel));
    }

    [Fact]
    public void Cue_that_is_gone_at_once_stays_a_moment() =>
        Assert.Equal([(1.0, 1.7), (3, 3.2)], Times(Cue.Of([ScriptedEngine.Segment(1, 1, " Oh."), ScriptedEngine.Segment(3, 3, " No.")], new SubtitleShape { MaxLineWidth = 42 }, TimeSpan.FromSeconds(3.2))));

    [Theory]
    [InlineData("srt", "1\n00:00:00,100 --> 00:00:01,200\nHello,\nworld!\n\n2\n00:00:01,200 --> 00:00:01,960\nGröße 10\n-> 5 €.\n\n\n")]
    [InlineData("vtt", "WEBVTT\n\n00:00:00.100 --> 00:00:01.200\nHello,\nworld!\n\n00:00:01.200 --> 00:00:01.960\nGröße 10\n-> 5 €.\n\n")]
    public async Task Shape_reaches_the_file(string format, string body)
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();

        Assert.Equal(body, await TestApi.TranscribeAsync(client, ("response_format", format), ("max_line_width", "8"), ("max_line_count", "3")));
    }

    static List<Segment> Speech(Random random)
    {
        var segments = new List<Segment>();
        var time = 0.0;
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            time += random.Next(3) == 0 ? random.NextDouble() * 4 : 0;
            var (start, words, text) = (time, new List<Word>(), new StringBuilder());
            for (var j = random.Next(random.Next(4) == 0 ? 1 : 40); j > 0; j--)
            {
                // Some words begin before the one before has ended, or have no length.
                var word = Vocabulary[random.Next(Vocabulary.Length)];
                var from = Math.Max(0, time + (random.NextDouble() * 0.4) - 0.1);
                time = from + (random.Next(5) == 0 ? 0 : random.NextDouble() * 0.6);
                words.Add(ScriptedEngine.Word(from, time, word));
                text.Append(word);
            }

            time = Math.Max(time, start);
            segments.Add(ScriptedEngine.Segment(start, time, text.ToString(), random.Next(3) == 0 ? [] : [.. words]));
        }

        return segments;
    }

    static void AssertTimes(List<Segment> segments, List<Cue> cues, TimeSpan duration)
    {
        var before = TimeSpan.Zero;
        foreach (var cue in cues)
        {
            Assert.True(cue.Start >= before, $"{cue.Start} begins before {before}.");
            Assert.True(cue.End >= cue.Start);
            before = cue.End;

            // It begins in a segment with text, and ends there or before the next one begins.
            Assert.Contains(segments, segment => segment.Start <= cue.Start && cue.Start <= segment.End);
            Assert.True(cue.End <= (duration > segments[^1].End ? duration : segments[^1].End));
        }
    }

    static void AssertLines(List<Cue> cues, SubtitleShape shape)
    {
        var width = shape.MaxLineWidth ?? (shape.MaxLineCount is null ? int.MaxValue : SubtitleShape.UsualLineWidth);
        foreach (var cue in cues)
        {
            Assert.InRange(cue.Lines.Count, 1, shape.MaxLineCount ?? SubtitleShape.UsualLineCount);
            Assert.All(cue.Lines, line =>
            {
                Assert.Equal(line.Trim(), line);
                Assert.NotEmpty(line);
                Assert.True(WidthOf(line) <= width || IsOnePiece(line), $"'{line}' is wider than {width}.");
            });
        }
    }

    // A cue that is too fast has taken all the time there was until the next cue or segment.
    static void AssertReadable(List<Segment> segments, List<Cue> cues, SubtitleShape shape, TimeSpan duration)
    {
        for (var i = 0; shape.MaxCharactersPerSecond is { } limit && i < cues.Count; i++)
        {
            var starts = segments.Where(segment => !string.IsNullOrWhiteSpace(segment.Text) && segment.Start >= cues[i].End).Select(segment => segment.Start);
            var free = starts.Concat(cues.Skip(i + 1).Select(cue => cue.Start)).DefaultIfEmpty(duration).Min() - cues[i].Start;
            var needed = WidthOf(string.Concat(cues[i].Lines)) / limit;
            Assert.True((cues[i].End - cues[i].Start).TotalSeconds >= Math.Min(needed, free.TotalSeconds) - 1e-6, $"{cues[i]} needs {needed} s and has {free}.");
        }
    }

    static int WidthOf(string line)
    {
        var width = 0;
        for (var elements = StringInfo.GetTextElementEnumerator(line); elements.MoveNext();)
        {
            width += elements.GetTextElement().EnumerateRunes().First().Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xD7A3) or (>= 0xFF00 and <= 0xFF60) or (>= 0x1F300 and <= 0x1F64F) ? 2 : 1;
        }

        return width;
    }

    // One word, or a character of a script without spaces with the punctuation that sticks to it.
    static bool IsOnePiece(string line) => !line.Contains(' ') && TextPiece.Of(ScriptedEngine.Segment(0, 1, line), TimeSpan.FromSeconds(1)).Count == 1;

    static string Bare(IEnumerable<string> texts) => string.Concat(string.Concat(texts).Where(character => !char.IsWhiteSpace(character)));

    static string Shown(IEnumerable<Cue> cues) => string.Join("//", cues.Select(cue => string.Join('|', cue.Lines)));

    static IEnumerable<(double Start, double End, string Text)> Seen(IEnumerable<Cue> cues) =>
        cues.Select(cue => (Math.Round(cue.Start.TotalSeconds, 6), Math.Round(cue.End.TotalSeconds, 6), string.Join('|', cue.Lines)));

    static IEnumerable<(double Start, double End)> Times(IEnumerable<Cue> cues) => Seen(cues).Select(cue => (cue.Start, cue.End));
}
