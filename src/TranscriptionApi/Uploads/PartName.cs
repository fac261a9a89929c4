using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace TranscriptionApi.Uploads;

/// <summary>Which field a part belongs to, and whether it is a file; its file name is not kept.</summary>
sealed partial record PartName(string Field, bool IsFile)
{
    /// <summary>Null when the part has no name.</summary>
    public static PartName? Of(MultipartSection part)
    {
        // Some clients give a file no name, but then say with a media type that it is not text.
        var isNotText = part.ContentType is { } type && !type.StartsWith("text/", StringComparison.OrdinalIgnoreCase);
        var (name, hasFileName) = ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition)
            ? (HeaderUtilities.RemoveQuotes(disposition.Name).ToString(), disposition.FileName.HasValue || disposition.FileNameStar.HasValue)
            : Guess(part.ContentDisposition ?? "");
        return name.Length == 0 ? null : new PartName(name, hasFileName || isNotText);
    }

    // For what follows no standard but is plain enough: name=x[] without quotes, a quote inside a file name.
    static (string Name, bool HasFileName) Guess(string disposition)
    {
        var name = Name().Match(disposition);
        return (name.Groups[1].Value + name.Groups[2].Value, FileName().IsMatch(disposition));
    }

    /// <summary>Repeated fields are written x[], x[0] or plain x by different clients: x for all of them; x[key] is a field of its own.</summary>
    public static string WithoutIndex(string name)
    {
        var bracket = name.IndexOf('[', StringComparison.Ordinal);
        return bracket > 0 && name.EndsWith(']') && name.AsSpan(bracket + 1, name.Length - bracket - 2).IndexOfAnyExceptInRange('0', '9') < 0 ? name[..bracket] : name;
    }

    /// <summary>x for x[key].</summary>
    public static string WithoutKey(string name) => name.IndexOf('[', StringComparison.Ordinal) is > 0 and var bracket && name.EndsWith(']') ? name[..bracket] : name;

    [GeneratedRegex("""(?:^|;)\s*name\s*=\s*(?:"([^"]*)"|([^;\s"]+))""", RegexOptions.IgnoreCase)]
    private static partial Regex Name();

    [GeneratedRegex("""(?:^|;)\s*filename\*?\s*=""", RegexOptions.IgnoreCase)]
    private static partial Regex FileName();
}
