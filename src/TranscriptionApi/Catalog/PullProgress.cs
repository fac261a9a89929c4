using System.Globalization;
using Spectre.Console;

namespace TranscriptionApi.Catalog;

/// <summary>Shows a download: a bar on a terminal, a line every tenth of the way elsewhere.</summary>
static class PullProgress
{
    public static Task ShowAsync(ManifestModel model, TextWriter output, bool isTerminal, Func<Action<DownloadProgress>, Task> download) =>
        isTerminal ? ShowBarAsync(model, output, download) : download(new Lines(model, output).Write);

    static Task ShowBarAsync(ManifestModel model, TextWriter output, Func<Action<DownloadProgress>, Task> download)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        return console.Progress()
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new DownloadedColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(model.Name), maxValue: model.ApproximateBytes);
                await download(progress =>
                {
                    if (progress.Problem is { } problem)
                    {
                        console.WriteLine(problem);
                    }

                    bar.MaxValue = progress.Total ?? bar.MaxValue;
                    bar.Value = progress.Received;
                });
            });
    }

    sealed class Lines(ManifestModel model, TextWriter output)
    {
        long _tenths;

        public void Write(DownloadProgress progress)
        {
            if (progress.Problem is { } problem)
            {
                output.WriteLine(problem);
            }

            var total = progress.Total ?? model.ApproximateBytes;
            var tenths = progress.Received * 10 / total;
            if (tenths > _tenths)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tenths * 10,3} % of {total / 1048576.0:0.0} MiB"));
            }

            _tenths = tenths;
        }
    }
}
