using System.Text.RegularExpressions;
using TranscriptionApi.Jobs;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Tests;

/// <summary>README.md tells the truth about files and settings.</summary>
public sealed partial class ReadMeTests
{
    internal static readonly string Root = FindRoot();
    static readonly string ReadMe = File.ReadAllText(Path.Combine(Root, "README.md"));

    [Fact]
    public void Every_file_it_names_exists()
    {
        var files = Files().Matches(ReadMe).Select(match => match.Value).Distinct().ToList();

        Assert.InRange(files.Count, 20, 200);
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(Root, file)), file));
    }

    [Fact]
    public void Its_settings_are_the_settings()
    {
        var rows = Settings().Matches(ReadMe).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

        foreach (var (section, type) in UnknownSettings.Sections)
        {
            var options = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties())
            {
                var name = $"{section}:{property.Name}";
                Assert.True(rows.Remove(name, out var documented), $"{name} is missing");
                if (documented.StartsWith('`'))
                {
                    Assert.Equal($"`{property.GetValue(options)}`", documented, ignoreCase: property.PropertyType == typeof(bool));
                }
            }
        }

        Assert.Empty(rows);
    }

    [Fact]
    public void Its_states_of_a_job_are_those_of_the_server() => Assert.Equal(
        JobStates.Transitions.Select(row => (row.From.Name(), row.Event.ToString(), row.To.Name())),
        States().Matches(ReadMe).Select(match => (match.Groups[1].Value, EventOf(match.Groups[2].Value), match.Groups[3].Value)));

    [Fact]
    public void Every_test_it_names_exists()
    {
        var sources = Directory.GetFiles(Path.Combine(Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText);
        var names = Tests().Matches(ReadMe).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).ToList();

        Assert.InRange(names.Count, 10, 100);
        Assert.All(names, name => Assert.Contains($" {name.Method}(", sources[name.Class], StringComparison.Ordinal));
    }

    // "hand back" is HandBack.
    static string EventOf(string words) => string.Concat(words.Split(' ').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    [GeneratedRegex(@"^\| `(\w+)` \| ([a-z ]+): [^|]+ \| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex States();

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Tests();

    [GeneratedRegex(@"\b(?:src|models|tests)/[\w./-]+\.(?:cs|wav|md)\b")]
    private static partial Regex Files();

    [GeneratedRegex(@"^\| `(\w+:\w+)` \| ([^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex Settings();

    static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TranscriptionApi.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
