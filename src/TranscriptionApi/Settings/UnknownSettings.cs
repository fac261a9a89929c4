using System.Collections;
using Microsoft.Extensions.Options;
using TranscriptionApi.AudioUrls;
using TranscriptionApi.Catalog;
using TranscriptionApi.Engine;
using TranscriptionApi.Jobs;
using TranscriptionApi.Outbound;
using TranscriptionApi.Security;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Uploads;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Settings;

/// <summary>
/// Refuses to start with a setting nobody reads: a misspelt key would otherwise leave its default in force without a word.
/// To add a section: its options class, and a row in <see cref="Sections"/>.
/// </summary>
static class UnknownSettings
{
    internal static readonly (string Name, Type Options)[] Sections =
    [
        (DataOptions.Section, typeof(DataOptions)),
        (UploadOptions.Section, typeof(UploadOptions)),
        (AudioOptions.Section, typeof(AudioOptions)),
        (ModelOptions.Section, typeof(ModelOptions)),
        (EngineOptions.Section, typeof(EngineOptions)),
        (JobOptions.Section, typeof(JobOptions)),
        (SecurityOptions.Section, typeof(SecurityOptions)),
        (OutboundOptions.Section, typeof(OutboundOptions)),
        (AudioUrlOptions.Section, typeof(AudioUrlOptions)),
        (WebhookOptions.Section, typeof(WebhookOptions)),
    ];

    public static void RefuseUnknownSettings(this WebApplicationBuilder builder, string[] args)
    {
        Arguments.Check(args, Sections.Select(section => section.Name));
        Check(builder.Configuration);
    }

    /// <summary>Binds and validates every section now, before anything listens.</summary>
    public static void CheckSettings(this WebApplication app) =>
        app.Services.GetRequiredService<IStartupValidator>().Validate();

    internal static void Check(IConfiguration configuration)
    {
        foreach (var section in configuration.GetChildren())
        {
            var known = Array.Find(Sections, row => row.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
            if (known.Options is not null)
            {
                CheckSection(section, known.Options);
            }
            else if (section.GetChildren().Any() && NearestSection(section.Key) is { } nearest)
            {
                throw new InvalidSettingException($"Unknown settings section '{section.Key}'. Did you mean '{nearest}'?");
            }
            else if (MisjoinedSetting(section.Key) is { } meant)
            {
                throw Unknown(section.Key, meant);
            }
        }
    }

    static void CheckSection(IConfigurationSection section, Type options)
    {
        foreach (var setting in section.GetChildren())
        {
            var property = Array.Find(options.GetProperties(), candidate => candidate.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                var nearest = options.GetProperties().Select(candidate => candidate.Name).MinBy(name => EditDistance(name, setting.Key));
                throw Unknown(setting.Path, $"{section.Key}:{nearest}");
            }

            var isList = property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable));
            if (isList && !string.IsNullOrEmpty(setting.Value))
            {
                // The binder would ignore the value: a key list given as one string would leave the server open.
                throw new InvalidSettingException(
                    $"Setting '{setting.Path}' is a list: give its first entry as '{setting.Path}:0' ({Variable(setting.Path)}__0 in the environment).");
            }

            if (!isList && setting.GetChildren().FirstOrDefault() is { } child)
            {
                throw Unknown(child.Path, setting.Path);
            }
        }
    }

    /// <summary>A setting written with one underscore, with none, or without its section: it would do nothing, and a key list would leave the server open.</summary>
    static string? MisjoinedSetting(string key)
    {
        var bare = key.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        foreach (var (section, options) in Sections)
        {
            foreach (var property in options.GetProperties().Select(property => property.Name))
            {
                // A name of several words is ours; "Threads" or "Folder" alone may be anybody's.
                var isOurs = property.Count(char.IsUpper) > 1;
                if (bare.StartsWith(section + property, StringComparison.OrdinalIgnoreCase)
                    || (isOurs && bare.Equals(property, StringComparison.OrdinalIgnoreCase)))
                {
                    return $"{section}:{property}";
                }
            }
        }

        return null;
    }

    static InvalidSettingException Unknown(string path, string nearest) =>
        new($"Unknown setting '{path}'. Did you mean '{nearest}' ({Variable(nearest)} in the environment)?");

    static string Variable(string path) => path.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant();

    // Other programs' settings share the environment, so only a near miss counts.
    static string? NearestSection(string name) =>
        Sections.Select(row => row.Name).FirstOrDefault(section => EditDistance(section, name) <= 2);

    /// <summary>Letters to insert, drop or change to turn one name into the other; upper and lower case are the same.</summary>
    internal static int EditDistance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var change = diagonal + (char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
