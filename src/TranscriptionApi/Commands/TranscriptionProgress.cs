using System.Globalization;
using Spectre.Console;
using SpeechEngine;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Commands;

/// <summary>Tells on the error stream how far a file is: a bar on a terminal, lines for long files elsewhere.</summary>
sealed class TranscriptionProgress(CommandHost host, OutputChoice output, bool textIsShown = false, bool isService = false)
{
    // A line per tenth of a short file would be noise.
    static readonly TimeSpan LongAudio = TimeSpan.FromMinutes(10);

    /// <summary>Runs <paramref name="work"/>, which reports each finished window.</summary>
    public Transcript Show(string name, Func<Action<WindowTranscript, TimeSpan>, Transcript> work)
    {
        if (output.Verbose && !output.Quiet)
        {
            return work((window, _) => WriteSegments(window));
        }

        // On one terminal a bar and the text itself would fall into each other, and the text shows best how far it is.
        if (output.Quiet || textIsShown)
        {
            return work((_, _) => { });
        }

        if (host.ErrorIsTerminal)
        {
            return ShowBar(name, work);
        }

        // The log of a service has one line per file.
        return work(isService ? (_, _) => { } : new Tenths(name, host.Error).Write);
    }

    /// <summary>The closing line of a file that is done.</summary>
    public void Done(string name, Transcript transcript, IEnumerable<string> written)
    {
        if (output.Quiet)
        {
            return;
        }

        var factor = transcript.Work.TotalSeconds / transcript.Duration.TotalSeconds;
        var places = string.Join(", ", written);
        var arrow = places.Length > 0 ? $" -> {places}" : "";
        host.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {transcript.Duration.TotalSeconds:0.0} s of audio in {transcript.Work.TotalSeconds:0.0} s (real-time factor {factor:0.000}){arrow}"));
    }

    Transcript ShowBar(string name, Func<Action<WindowTranscript, TimeSpan>, Transcript> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Error) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var bar = context.AddTask(Markup.Escape(name));
                return work((window, duration) =>
                {
                    bar.MaxValue = duration.TotalSeconds;
                    bar.Value = window.Position.TotalSeconds;
                });
            });
    }

    void WriteSegments(WindowTranscript window)
    {
        foreach (var segment in window.Segments)
        {
            host.Error.WriteLine($"[{Time(segment.Start)} --> {Time(segment.End)}] {segment.Text.Trim()}");
        }
    }

    // As openai/whisper shows it: hours only when there are any.
    static string Time(TimeSpan time) => string.Create(
        CultureInfo.InvariantCulture, $"{(time.TotalHours >= 1 ? $"{(int)time.TotalHours:00}:" : "")}{time.Minutes:00}:{time.Seconds:00}.{time.Milliseconds:000}");

    sealed class Tenths(string name, TextWriter error)
    {
        int _tenths;

        public void Write(WindowTranscript window, TimeSpan duration)
        {
            var tenths = (int)(window.Position / duration * 10);
            if (duration >= LongAudio && tenths > _tenths && tenths < 10)
            {
                error.WriteLine($"{name}: {tenths * 10} %");
            }

            _tenths = tenths;
        }
    }
}
