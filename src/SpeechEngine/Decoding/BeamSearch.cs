namespace SpeechEngine.Decoding;

/// <summary>
/// Follows the likeliest sequences side by side, as openai/whisper does: each offers its best continuations, the best of all go on.
/// Nothing is drawn and ties are broken by order, so the same window always gives the same text. All sequences listen to the same window,
/// whose keys and values are read once per step for all of them. Of sequences that differ only in the values of their timestamps the
/// likeliest alone goes on: otherwise the places would fill with one text at five slightly different times.
/// </summary>
sealed unsafe class BeamSearch(DecodingState state)
{
    // A sequence can lose one of its continuations to the end of text and must still be able to fill all places.
    const int MostChoices = DecodingOptions.MostSequences + 1;

    // A sequence e^3.5 = 33 times less likely than the best one of its length is not followed: where the model is sure, one sequence
    // is left, and texts that end in the middle of a word do not count among those that have ended.
    const double Hopeless = 3.5;

    readonly Candidate[] _candidates = new Candidate[DecodingOptions.MostSequences * MostChoices];
    readonly Candidate[] _chosen = new Candidate[DecodingOptions.MostSequences];
    readonly ulong[] _wordings = new ulong[DecodingOptions.MostSequences * MostChoices];
    readonly int[] _open = new int[DecodingOptions.MostSequences];
    readonly LogitSummary[] _summaries = new LogitSummary[DecodingOptions.MostSequences];
    readonly int[] _best = new int[DecodingOptions.MostSequences * MostChoices];
    readonly int[] _counts = new int[DecodingOptions.MostSequences];

    /// <summary>Finds the text of a window and leaves it in <see cref="DecodingState.Best"/>.</summary>
    public void Run(SearchStart start, LogitRules rules, in WindowLimits limits, DecodingOptions options, CancellationToken cancellation)
    {
        var size = options.BeamSize;
        var mostEnded = Math.Max(1, (int)MathF.Round(size * options.Patience));
        var ended = 0;
        var bestScore = double.NegativeInfinity;
        state.Hypotheses[0].Reset();
        _open[0] = 0;
        var open = 1;
        var position = start.Position;
        for (var row = start.LogitRow; ; row = 0)
        {
            var candidates = Gather(row, open, size, rules);
            var chosen = 0;
            var wordings = 0;
            var least = _candidates[0].LogProbability - Hopeless;
            for (var i = 0; i < candidates && chosen < size && ended < mostEnded; i++)
            {
                ref var candidate = ref _candidates[i];
                if (candidate.LogProbability < least)
                {
                    break;
                }

                var parent = state.Hypotheses[candidate.Sequence];
                var wording = parent.WordingWith(candidate.Token.Id);
                if (parent.WouldRepeat(candidate.Token.Id) || Array.IndexOf(_wordings, wording, 0, wordings) >= 0)
                {
                    continue;
                }

                _wordings[wordings++] = wording;

                if (parent.WouldEnd(candidate.Token.Id, in limits))
                {
                    ended++;
                    var score = candidate.LogProbability / Hypothesis.Penalty(parent.Count + 1, options.LengthPenalty);
                    if (score > bestScore)
                    {
                        bestScore = score;
                        state.Best.CopyFrom(parent);
                        state.Best.Extend(candidate.Token, in limits);
                    }
                }
                else
                {
                    _chosen[chosen++] = candidate;
                }
            }

            if (chosen == 0 || ended >= mostEnded)
            {
                break;
            }

            open = GoOn(chosen, position, in limits);
            var isFull = state.Hypotheses[_open[0]].State != HypothesisState.Open;
            if (isFull || (ended > 0 && options.Patience <= 1f && NoneCanWin(open, bestScore, options.LengthPenalty)))
            {
                break;
            }

            for (var i = 0; i < open; i++)
            {
                state.SetRow(i, state.Hypotheses[_open[i]].Tokens[^1].Id, position, wantsLogits: true, _open[i]);
            }

            position++;
            state.Step(open, cancellation);
        }

        if (ended == 0)
        {
            state.Best.CopyFrom(LikeliestUnfinished(open, options.LengthPenalty));
        }
    }

    /// <summary>The best continuations of all open sequences, in order of their log-probability.</summary>
    int Gather(int firstRow, int open, int size, LogitRules rules)
    {
        for (var i = 0; i < open; i++)
        {
            rules.Apply(state.Logits(firstRow + i), state.Hypotheses[_open[i]].SoFar);
        }

        var choices = size + 1;
        fixed (LogitSummary* summaries = _summaries)
        fixed (int* best = _best, counts = _counts)
        {
            var job = new ChoiceJob
            {
                Logits = state.LogitRow(firstRow),
                Stride = state.Scratch.LogitStride,
                Vocabulary = state.Model.Dimensions.Vocabulary,
                FirstTimestamp = state.Model.Vocabulary.FirstTimestamp,
                Choices = choices,
                Summaries = summaries,
                Best = best,
                Counts = counts,
            };
            state.Pool.Run(open, &FindChoices, &job);
        }

        var count = 0;
        for (var i = 0; i < open; i++)
        {
            TokenChoice.Check(in _summaries[i]);
            var sequence = _open[i];
            for (var k = 0; k < _counts[i]; k++)
            {
                var token = TokenChoice.Token(_best[(i * choices) + k], state.Logits(firstRow + i), in _summaries[i], state.Model.Vocabulary.FirstTimestamp);
                Insert(new Candidate(sequence, token, state.Hypotheses[sequence].LogProbability + token.LogProbability), count++);
            }
        }

        return count;
    }

    /// <summary>Keeps the candidates sorted; an equal one stays behind those that came before it.</summary>
    void Insert(Candidate candidate, int count)
    {
        var at = count;
        for (; at > 0 && _candidates[at - 1].LogProbability < candidate.LogProbability; at--)
        {
            _candidates[at] = _candidates[at - 1];
        }

        _candidates[at] = candidate;
    }

    /// <summary>
    /// Gives each chosen continuation a sequence: the first one of a sequence goes on in its place, the others take over places
    /// whose own sequence goes no further.
    /// </summary>
    /// <returns>Sequences that go on; they are in <see cref="_open"/>, in order, and all equally long.</returns>
    int GoOn(int chosen, int position, in WindowLimits limits)
    {
        var taken = 0;
        for (var i = 0; i < chosen; i++)
        {
            taken |= 1 << _chosen[i].Sequence;
        }

        var continued = 0;
        for (var i = 0; i < chosen; i++)
        {
            ref var candidate = ref _chosen[i];
            var sequence = candidate.Sequence;
            if ((continued & (1 << sequence)) != 0)
            {
                var place = System.Numerics.BitOperations.TrailingZeroCount(~taken);
                taken |= 1 << place;
                state.Hypotheses[place].CopyFrom(state.Hypotheses[sequence]);
                state.Sequences.Branch(sequence, place, position);
                candidate = candidate with { Sequence = place };
            }

            continued |= 1 << sequence;
        }

        // Branching is done before any sequence grows, so that each takes over its parent as it was.
        var open = 0;
        for (var place = 0; place < DecodingOptions.MostSequences; place++)
        {
            for (var i = 0; i < chosen; i++)
            {
                if (_chosen[i].Sequence == place)
                {
                    state.Hypotheses[place].Extend(_chosen[i].Token, in limits);
                    _open[open++] = place;
                }
            }
        }

        return open;
    }

    /// <summary>
    /// A sequence's log-probability only falls. One that is behind the best ended text in sum and in score would have to catch up with
    /// tokens that are all but certain; it is given up.
    /// </summary>
    bool NoneCanWin(int open, double bestScore, float? lengthPenalty)
    {
        for (var i = 0; i < open; i++)
        {
            var hypothesis = state.Hypotheses[_open[i]];
            if (hypothesis.LogProbability > state.Best.LogProbability || hypothesis.Score(lengthPenalty) > bestScore)
            {
                return false;
            }
        }

        return true;
    }

    Hypothesis LikeliestUnfinished(int open, float? lengthPenalty)
    {
        var best = state.Hypotheses[_open[0]];
        for (var i = 1; i < open; i++)
        {
            best = state.Hypotheses[_open[i]].Score(lengthPenalty) > best.Score(lengthPenalty) ? state.Hypotheses[_open[i]] : best;
        }

        return best;
    }

    static void FindChoices(void* context, int task, int worker)
    {
        var job = (ChoiceJob*)context;
        var logits = new Span<float>(job->Logits + ((long)task * job->Stride), job->Vocabulary);
        job->Summaries[task] = TokenChoice.Summarise(logits, job->FirstTimestamp);
        job->Counts[task] = TokenChoice.Best(logits, new Span<int>(job->Best + (task * job->Choices), job->Choices));
    }

    /// <summary>One possible continuation.</summary>
    readonly record struct Candidate(int Sequence, DecodedToken Token, double LogProbability);

    struct ChoiceJob
    {
        public float* Logits;
        public int Stride;
        public int Vocabulary;
        public int FirstTimestamp;
        public int Choices;
        public LogitSummary* Summaries;
        public int* Best;
        public int* Counts;
    }
}
