using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace TranscriptionApi.Commands;

/// <summary>Options whose values are checked while the command line is read; a refusal names the option and its range.</summary>
static class CheckedOption
{
    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>; null when it is not given.</summary>
    public static Option<T?> Number<T>(string name, T least, T most, string description, params string[] aliases)
        where T : struct, INumber<T> => new(name, aliases)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;

                // A type that cannot hold a half holds whole numbers.
                var kind = T.CreateTruncating(0.5) == T.Zero ? "whole number" : "number";
                if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
                {
                    return value;
                }

                result.AddError(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} is '{text}'; it must be a {kind} from {least} to {most}."));
                return null;
            },
        };

    /// <summary>Values that are repeated or joined by commas, each read by <paramref name="read"/>, which says why when it cannot.</summary>
    public static Option<T[]> List<T>(string name, string helpName, Func<string, (T? Value, string? Problem)> read, string description, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = helpName,
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result =>
            [
                .. result.Tokens
                    .SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                    .Select(text => Read(name, text, read, result)!),
            ],
        };

    /// <summary>One value read by <paramref name="read"/>; null when it is not given.</summary>
    public static Option<T?> Value<T>(string name, string helpName, Func<string, (T? Value, string? Problem)> read, string description, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => Read(name, result.Tokens[0].Value, read, result),
        };

    /// <summary>The path of a file or folder, which is never empty; null when it is not given.</summary>
    public static Option<string?> Path(string name, string helpName, string description, params string[] aliases) =>
        Value<string>(name, helpName, text => text.Length > 0 ? (text, null) : (null, "the path is empty."), description, aliases);

    /// <summary>Refuses an argument that is the empty path, as an unset variable of a script leaves it.</summary>
    public static void RefuseEmptyPath(ArgumentResult result)
    {
        if (result.Tokens is [{ Value.Length: 0 }])
        {
            result.AddError($"The path of '{result.Argument.Name}' is empty.");
        }
    }

    static T? Read<T>(string name, string text, Func<string, (T? Value, string? Problem)> read, ArgumentResult result)
    {
        var (value, problem) = read(text);
        if (problem is not null)
        {
            result.AddError($"{name}: {problem}");
        }

        return value;
    }
}
