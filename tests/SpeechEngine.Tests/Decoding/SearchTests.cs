using SpeechEngine.Decoding;
using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;
using SpeechEngine.Tests.Kernels;
using SpeechEngine.Tests.Loading;

namespace SpeechEngine.Tests.Decoding;

/// <summary>The ways of searching a window's text, on a small network of random weights.</summary>
public sealed unsafe class SearchTests : IDisposable
{
    readonly TempFile _file = new(new ModelWriter { LinearType = TensorType.Q8_0 }.Write());
    readonly WhisperModel _model;
    readonly WorkerPool _pool = new(2);
    readonly DecodingState _state;
    readonly LogitRules _rules;

    public SearchTests()
    {
        _model = ModelLoader.Load(_file.Path);
        _state = new DecodingState(_model, _pool);
        _rules = new LogitRules(_model.Vocabulary, new DecodingOptions(), withTimestamps: true);
        var mels = _model.Dimensions.Mels;
        Widths.Random(ModelDimensions.WindowFrames * mels, 3).CopyTo(new Span<float>(_state.Scratch.Mel.Floats + mels, ModelDimensions.WindowFrames * mels));
        _state.Encoder.Encode(_state.Scratch, CancellationToken.None);
        _state.Encoder.FillCross(_state.Scratch, _state.Cross, CancellationToken.None);
    }

    public void Dispose()
    {
        _state.Dispose();
        _model.Dispose();
        _pool.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void A_token_allocates_nothing_in_any_search()
    {
        var options = new DecodingOptions { BeamSize = 5 };
        var draws = Enumerable.Range(0, 3).Select(seed => new Random(seed)).ToArray();

        Assert.Equal(0, Allocations.Of(() => Greedy(120)));
        Assert.Equal(0, Allocations.Of(() => WindowSearch.Run(_state, Start(), _rules, Limits(60), 0.7f, null, draws, CancellationToken.None)));
        Assert.Equal(0, Allocations.Of(() => _state.Beams.Run(Start(), _rules, Limits(60), options, CancellationToken.None)));
        Assert.InRange(_state.Best.Count, 20, 60);
    }

    [Fact]
    public void One_beam_is_greedy_and_more_find_nothing_less_likely()
    {
        Greedy(40);
        var greedy = _state.Best.Tokens.ToArray();
        var score = _state.Best.Score(null);

        _state.Beams.Run(Start(), _rules, Limits(40), new DecodingOptions { BeamSize = 1 }, CancellationToken.None);
        Assert.Equal(greedy.Select(token => token.Id), _state.Best.Tokens.ToArray().Select(token => token.Id));

        _state.Beams.Run(Start(), _rules, Limits(40), new DecodingOptions { BeamSize = 8 }, CancellationToken.None);
        Assert.InRange(_state.Best.Score(null), score - 1e-4, 0);
    }

    [Fact]
    public void What_a_beam_found_has_the_probability_that_decoding_it_alone_gives()
    {
        // Branching copies only what two sequences do not share; a mistake there shows as a wrong probability.
        _state.Beams.Run(Start(), _rules, Limits(90), new DecodingOptions { BeamSize = 5 }, CancellationToken.None);
        var found = _state.Best.Tokens.ToArray();

        var alone = new Hypothesis(_model.Vocabulary, 448);
        alone.Reset();
        var start = Start();
        var (row, position) = (start.LogitRow, start.Position);
        foreach (var token in found)
        {
            _rules.Apply(_state.Logits(row), alone.SoFar);
            var summary = TokenChoice.Summarise(_state.Logits(row), _model.Vocabulary.FirstTimestamp);
            var same = TokenChoice.Token(token.Id, _state.Logits(row), in summary, _model.Vocabulary.FirstTimestamp);
            Assert.Equal(same.LogProbability, token.LogProbability, 2e-3);
            alone.Extend(same, Limits(90));
            _state.SetRow(0, token.Id, position++, wantsLogits: true);
            row = _state.Step(1, CancellationToken.None) - 1;
        }

        Assert.InRange(found.Length, 20, 90);
    }

    [Fact]
    public void Of_several_draws_the_likeliest_is_taken()
    {
        double Score(int draws)
        {
            WindowSearch.Run(_state, Start(), _rules, Limits(30), 1f, null, [.. Enumerable.Range(0, draws).Select(seed => new Random(seed))], CancellationToken.None);
            return _state.Best.Score(null);
        }

        Assert.True(Score(5) >= Score(1));
        Assert.Equal(Score(5), Score(5));
    }

    [Fact]
    public void Equal_first_tokens_of_several_draws_are_equally_likely()
    {
        // A row in which timestamps are likelier than any text loses its text when the first sequence has chosen.
        var vocabulary = _model.Vocabulary;
        var draws = Enumerable.Range(0, 8).Select(_ => new Random(5)).ToArray();
        var start = Start();
        new Span<float>(_state.LogitRow(start.LogitRow) + vocabulary.FirstTimestamp, 51).Fill(4f);
        new Span<float>(_state.LogitRow(start.LogitRow), 1000).Fill(3f);

        WindowSearch.Run(_state, start, _rules, Limits(3), 1f, null, draws, CancellationToken.None);

        Assert.Single(_state.Hypotheses.Select(hypothesis => hypothesis.Tokens[0]).Distinct());
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 30)]
    [InlineData(true, 30)]
    public void No_speech_is_asked_at_the_start_of_the_transcript(bool detectsLanguage, int textBefore)
    {
        var vocabulary = _model.Vocabulary;
        int[] before = [.. Enumerable.Range(100, textBefore)];
        int[] tokens = textBefore > 0 && !detectsLanguage ? [vocabulary.Previous, .. before, vocabulary.StartOfTranscript] : [vocabulary.StartOfTranscript];
        for (var i = 0; i < tokens.Length; i++)
        {
            _state.SetRow(i, tokens[i], i, wantsLogits: i == tokens.Length - 1);
        }

        _state.Step(tokens.Length, CancellationToken.None);
        var expected = TokenChoice.Probability(_state.Logits(0), vocabulary.NoSpeech);

        var request = new WindowRequest(
            detectsLanguage ? -1 : 0, [], SpeechTask.Transcribe, new TextContext([], before, remembers: false), 0, 3000, new DecodingOptions { TemperatureIncrement = 0 });
        Assert.Equal(expected, WindowDecoder.Decode(_state, in request, CancellationToken.None).NoSpeechProbability, 1e-7);
        Assert.InRange(expected, 1e-9, 1);
    }

    void Greedy(int tokens) => WindowSearch.Run(_state, Start(), _rules, Limits(tokens), 0, null, [], CancellationToken.None);

    static WindowLimits Limits(int tokens) => new(tokens, 100_000, WithTimestamps: true, CutsAtTimestamps: true);

    SearchStart Start()
    {
        _state.Sequences.Reset();
        _state.SetRow(0, _model.Vocabulary.StartOfTranscript, 0, wantsLogits: false);
        _state.SetRow(1, _model.Vocabulary.LanguageToken(0), 1, wantsLogits: false);
        _state.SetRow(2, _model.Vocabulary.Transcribe, 2, wantsLogits: true);
        return new SearchStart(3, _state.Step(3, CancellationToken.None) - 1);
    }
}
