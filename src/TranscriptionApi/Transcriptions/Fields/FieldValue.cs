using System.Globalization;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>The text of one form field as a value. What it cannot be is refused with the field named.</summary>
static class FieldValue
{
    /// <summary>true, false, 1, 0, yes, no, on or off, in any case.</summary>
    public static bool Flag(string field, string text) => text.Trim().ToUpperInvariant() switch
    {
        "TRUE" or "1" or "YES" or "ON" => true,
        "FALSE" or "0" or "NO" or "OFF" => false,
        _ => throw ApiErrors.NotABoolean(field, text),
    };

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static int Whole(string field, string text, int least, int most)
    {
        if (!long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value))
        {
            throw ApiErrors.NotAnInteger(field, text);
        }

        return value < least ? throw ApiErrors.IntegerTooLow(field, least, text)
            : value > most ? throw ApiErrors.IntegerTooHigh(field, most, text)
            : (int)value;
    }

    /// <summary>A number with a decimal point from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static double Number(string field, string text, double least, double most)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || double.IsNaN(value))
        {
            throw ApiErrors.NotANumber(field, text);
        }

        return value < least ? throw ApiErrors.DecimalTooLow(field, least, text)
            : value > most ? throw ApiErrors.DecimalTooHigh(field, most, text)
            : value;
    }
}
