using System.CommandLine;
using System.Globalization;
using SpeechEngine.Loading;
using SpeechEngine.Quantising;
using TranscriptionApi.Catalog;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Commands;

/// <summary>
/// "quantize SOURCE TARGET TYPE": writes a smaller copy of a model file. Exit codes: 0 written, 1 no or an unreadable source,
/// 2 a source that cannot be quantised, 3 a target that cannot be written, 130 interrupted.
/// </summary>
static class QuantizeCommand
{
    static readonly Argument<string> Source = new("source") { Description = "A model with f16 or f32 weights: a name, see \"models list\", or a ggml file." };

    static readonly Argument<string> Target = new("target") { Description = "The file to write, for example data/models/ggml-base.en-q5_1.bin." };

    static readonly Argument<string> TypeName = new("type") { Description = "How the weights are stored; q8_0 is the most exact, q4_0 the smallest." };

    static readonly Option<bool> Force = new("--force") { Description = "Replace the target if it is there already." };

    static QuantizeCommand()
    {
        Target.Validators.Add(CheckedOption.RefuseEmptyPath);
        TypeName.AcceptOnlyFromAmong([.. ModelQuantiser.Types.Select(NameOf)]);
    }

    /// <summary>Runs the verb; the result is the program's exit code.</summary>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out, Console.Error);

    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var quantize = new Command("quantize", "Write a smaller copy of a model file, as whisper.cpp's quantiser does.")
        {
            Source, Target, TypeName, Force, ModelCommands.DataFolder,
        };
        quantize.SetAction((parsed, cancellation) => Task.Run(() => Quantize(parsed, output, error, cancellation), CancellationToken.None));
        var settings = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
        try
        {
            return await new RootCommand("TranscriptionApi: speech to text over HTTP.") { quantize }.Parse(args).InvokeAsync(settings);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Interrupted; nothing was written.");
            return 130;
        }
    }

    static int Quantize(ParseResult parsed, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        var name = parsed.GetRequiredValue(Source);
        var target = parsed.GetRequiredValue(Target);
        var typeName = parsed.GetRequiredValue(TypeName);
        string? source;
        try
        {
            source = FindSource(name, parsed, error);
        }
        catch (Exception problem) when (StartError.IsExpected(problem))
        {
            error.WriteLine(StartError.Describe(problem));
            return 1;
        }

        if (source is null)
        {
            return 1;
        }

        if (File.Exists(target) && !parsed.GetValue(Force))
        {
            error.WriteLine($"{target} is there already; --force replaces it.");
            return 3;
        }

        try
        {
            var type = ModelQuantiser.Types.Single(type => NameOf(type) == typeName);
            ModelQuantiser.Quantise(source, target, type, replace: parsed.GetValue(Force), new Tenths(error), cancellation);
        }
        catch (InvalidModelException problem)
        {
            error.WriteLine(problem.Message);
            return problem.InnerException is IOException or UnauthorizedAccessException ? 1 : 2;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"Cannot write {target}: {problem.Message}");
            return 3;
        }

        output.WriteLine($"{source}: {Mebibytes(source)} -> {target}: {Mebibytes(target)} ({typeName})");
        return 0;
    }

    /// <summary>A name comes first: a file that happens to be called "demo" does not hide the model.</summary>
    static string? FindSource(string name, ParseResult parsed, TextWriter error)
    {
        var (models, dataFolder) = ModelCommands.Settings(parsed);
        var catalog = new ModelCatalog(models, dataFolder);
        if (catalog.Find(name) is { } model)
        {
            return model.Path;
        }

        if (File.Exists(name))
        {
            return name;
        }

        error.WriteLine($"There is no model and no file '{name}'. These models are here: {string.Join(", ", catalog.Present.Select(present => present.Id))}.");
        return null;
    }

    /// <summary>ggml's and whisper.cpp's spelling.</summary>
    static string NameOf(TensorType type) => type.ToString().ToLowerInvariant();

    static string Mebibytes(string path) => string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(path).Length / 1048576.0:0.0} MiB");

    /// <summary>A line every tenth of the way.</summary>
    sealed class Tenths(TextWriter error) : IProgress<double>
    {
        int _tenths;

        public void Report(double value)
        {
            var tenths = (int)(value * 10);
            if (tenths > _tenths)
            {
                error.WriteLine($"{tenths * 10,3} %");
            }

            _tenths = tenths;
        }
    }
}
