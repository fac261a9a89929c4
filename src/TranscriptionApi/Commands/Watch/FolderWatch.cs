using SpeechEngine.Audio;

namespace TranscriptionApi.Commands.Watch;

/// <summary>Which folder is watched, and how.</summary>
sealed record WatchChoice
{
    /// <summary>Full path.</summary>
    public required string Folder { get; init; }

    public bool Recursive { get; init; }

    /// <summary>Leaves alone what is there at the start.</summary>
    public bool NewOnly { get; init; }

    /// <summary>Time between two looks, and the time a file must stay unchanged to count as complete.</summary>
    public required TimeSpan Poll { get; init; }
}

/// <summary>
/// Transcribes what appears in a folder, one file after the other. Each look (1) lists the files, (2) leaves out those that are done,
/// still growing or no audio, (3) transcribes the others, the oldest first, and (4) writes down what became of them.
/// </summary>
sealed class FolderWatch(WatchChoice watch, OutputChoice output, FileTranscriber transcriber, WatchJournal journal, CommandHost host)
{
    static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);
    static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);

    readonly string _root = output.Folder ?? watch.Folder;
    readonly TranscriptionProgress _progress = new(host, output, isService: true);
    Dictionary<string, Sighting> _sightings = new(StringComparer.Ordinal);
    bool _isFirstLook = true;
    bool _isAway;

    /// <summary>Watches until it is told to stop.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop; nothing is left half-written.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var hints = new FolderHints(watch.Folder, watch.Recursive);
        while (true)
        {
            var wasAway = _isAway;
            Look(cancellation);
            if (wasAway && !_isAway)
            {
                hints.Listen();
            }

            await hints.WaitAsync(watch.Poll, host.Clock, cancellation);
        }
    }

    /// <summary>One look at the folder, with all the work it finds.</summary>
    internal void Look(CancellationToken cancellation)
    {
        if (List() is not { } files) // (1)
        {
            return;
        }

        var before = _sightings;
        _sightings = files.ToDictionary(file => file.Name, file => Sight(file, before.GetValueOrDefault(file.Name)), StringComparer.Ordinal);
        _isFirstLook = false;
        var due = _sightings.Values.Where(IsDue).OrderBy(sighting => sighting.File.Modified).ThenBy(sighting => sighting.File.Name, StringComparer.Ordinal);
        foreach (var sighting in due.ToList()) // (2)
        {
            cancellation.ThrowIfCancellationRequested();

            // The files before it took their time; what has changed since has its turn at a later look.
            if (Recording.At(sighting.File.Path, watch.Folder) == sighting.File)
            {
                Work(sighting, cancellation);
            }
        }
    }

    /// <summary>The files of the folder, or null while it is away.</summary>
    IReadOnlyList<Recording>? List()
    {
        try
        {
            var files = Recording.In(watch.Folder, watch.Recursive);
            if (_isAway)
            {
                journal.Reopen();
                _isAway = false;
                Tell($"'{watch.Folder}' is back.");
            }

            return files;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (!_isAway)
            {
                host.Error.WriteLine($"'{watch.Folder}' is away, waiting for it: {error.Message}");
            }

            _isAway = true;
            return null;
        }
    }

    Sighting Sight(Recording file, Sighting? before) =>
        before?.File == file ? before : new Sighting(file, host.Clock.GetTimestamp()) { IsLeftAlone = _isFirstLook && watch.NewOnly };

    bool IsDue(Sighting sighting) =>
        !sighting.IsLeftAlone
        && journal.Find(sighting.File.Name)?.IsAbout(sighting.File) != true
        && host.Clock.GetElapsedTime(sighting.Since) >= sighting.Wait(watch.Poll);

    void Work(Sighting sighting, CancellationToken cancellation)
    {
        var file = sighting.File;
        try
        {
            if (!IsAudio(file))
            {
                sighting.IsLeftAlone = true;
                return;
            }

            Transcribe(file, cancellation); // (3)
        }
        catch (Exception error) when (CanGetBetter(error))
        {
            Postpone(sighting, error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Fail(sighting, CommandFailure.From(error).Message);
        }
    }

    void Transcribe(Recording file, CancellationToken cancellation)
    {
        // Below the folder for results there are the same folders as below the watched one.
        var place = output.Folder is null ? output : output with { Folder = Path.GetDirectoryName(Path.Combine(output.Folder, file.Name)) };
        var names = new ResultPlace(_root, journal);
        if (names.Choose(file, place) is not { } results)
        {
            results = ResultFiles.NamedAfter(file.Path, place);
            journal.Add(new JournalEntry(file.Name, file.Size, file.Modified, [], null));
            Tell($"{file.Name}: left alone, {string.Join(", ", results.Paths.Select(names.NameOf))} is there and newer.");
            return;
        }

        var transcript = _progress.Show(file.Name, progress => transcriber.Transcribe(file.Path, progress, cancellation));
        if (place.Folder is not null)
        {
            ResultFiles.MakeFolder(place.Folder);
        }

        results.Write(transcript);
        var written = results.Paths.Select(names.NameOf).ToList();
        journal.Add(new JournalEntry(file.Name, file.Size, file.Modified, written, null)); // (4)
        _progress.Done(file.Name, transcript, written);
    }

    /// <summary>The recording is bad, so it is told once and remembered until it changes.</summary>
    void Fail(Sighting sighting, string reason)
    {
        var file = sighting.File;
        host.Error.WriteLine($"{file.Name}: {reason}");
        try
        {
            journal.Add(new JournalEntry(file.Name, file.Size, file.Modified, [], reason));
        }
        catch (Exception error) when (CanGetBetter(error))
        {
            Postpone(sighting, error);
        }
    }

    // What is wrong here is not the recording: a full disk, a right that is missing, a decoder that is not installed.
    static bool CanGetBetter(Exception error) =>
        error is IOException or UnauthorizedAccessException or CommandFailure or OutOfMemoryException or InvalidAudioException { Fault: AudioFault.DecoderMissing };

    void Postpone(Sighting sighting, Exception error)
    {
        if (!File.Exists(sighting.File.Path))
        {
            return;
        }

        sighting.Retry = sighting.Retry is { } last ? TimeSpan.FromTicks(Math.Min(last.Ticks * 2, LongestRetry.Ticks)) : FirstRetry;
        sighting.Since = host.Clock.GetTimestamp();
        host.Error.WriteLine($"{sighting.File.Name}: {CommandFailure.From(error).Message} Trying again in {sighting.Retry.Value.TotalMinutes:0} min.");
    }

    static bool IsAudio(Recording file)
    {
        using var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        return AudioDecoder.Recognises(stream);
    }

    void Tell(string line)
    {
        if (!output.Quiet)
        {
            host.Error.WriteLine(line);
        }
    }

    /// <summary>A file as it has been since a time: while it stays the same, so does its sighting.</summary>
    sealed class Sighting(Recording file, long since)
    {
        public Recording File { get; } = file;

        /// <summary>Timestamp of the first look that saw it like this, or of the last attempt.</summary>
        public long Since { get; set; } = since;

        /// <summary>It is no audio, or was there before the watch began.</summary>
        public bool IsLeftAlone { get; set; }

        /// <summary>Time to wait after an attempt that failed; null before the first.</summary>
        public TimeSpan? Retry { get; set; }

        public TimeSpan Wait(TimeSpan poll) => Retry ?? poll;
    }
}
