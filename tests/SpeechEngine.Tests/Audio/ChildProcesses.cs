using System.Globalization;

namespace SpeechEngine.Tests.Audio;

/// <summary>Tests that start programs run one after the other, so that each can count what is left of its own.</summary>
[CollectionDefinition(nameof(ChildProcesses))]
public sealed class ChildProcesses
{
    static readonly string[] Programs = ["ffmpeg", "prlimit", "nice", "sh", "sleep", "cat"];

    /// <summary>Children of this process that the decoder may have started; nothing where there is no /proc.</summary>
    internal static List<string> Running() =>
        [.. All().Where(process => process.Parent == Environment.ProcessId && Programs.Contains(process.Name)).Select(process => process.Name)];

    /// <summary>Whether a process with this argument exists anywhere.</summary>
    internal static bool AnyHasArgument(string argument) => All().Any(process => process.Arguments.Contains(argument));

    /// <summary>False when such a process is still there after seconds: a killed grandchild takes a moment to vanish.</summary>
    internal static async Task<bool> WithArgumentIsGoneAsync(string argument)
    {
        for (var looks = 0; looks < 200; looks++)
        {
            if (!AnyHasArgument(argument))
            {
                return true;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return false;
    }

    static IEnumerable<(string Name, int Parent, string[] Arguments)> All()
    {
        if (!Directory.Exists("/proc/self"))
        {
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            string stat, arguments;
            try
            {
                stat = File.ReadAllText(folder + "/stat");
                arguments = File.ReadAllText(folder + "/cmdline");
            }
            catch (IOException)
            {
                continue; // ended while we looked
            }

            // pid (name) state parent ...
            var name = stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')];
            var parent = int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ')[2], CultureInfo.InvariantCulture);
            yield return (name, parent, arguments.Split('\0'));
        }
    }
}
