using TranscriptionApi.Transcriptions.Subtitles;

namespace TranscriptionApi.Transcriptions;

/// <summary>What of a transcript is written, and how subtitles are cut; every format takes from it what concerns it.</summary>
sealed record Layout
{
    /// <summary>verbose_json: the segments.</summary>
    public bool HasSegments { get; init; } = true;

    /// <summary>verbose_json: every word with its times.</summary>
    public bool HasWords { get; init; }

    /// <summary>srt and vtt: how long lines and cues may be; null makes one cue of every segment.</summary>
    public SubtitleShape? Subtitles { get; init; }

    /// <summary>The engine has to find out when every word was spoken.</summary>
    public bool NeedsWordTimes => HasWords || Subtitles is not null;
}
