using SpeechEngine;
using SpeechEngine.Speech;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>Where speech is looked for, and what is left out because nobody seems to have said it.</summary>
static class SpeechFields
{
    static readonly FieldGroup<bool> Switch = new FieldGroup<bool>().Flag("vad_filter", (_, value) => value).Also("vad");

    static readonly FieldGroup<SpeechDetectionOptions> Detection = new FieldGroup<SpeechDetectionOptions>()
        .Number("vad_threshold", 0, 1, (options, value) => options with { Threshold = value })
        .Whole("vad_min_speech_duration_ms", 0, 30_000, (options, value) => options with { MinimumSpeech = TimeSpan.FromMilliseconds(value) })
        .Whole("vad_min_silence_duration_ms", 0, 30_000, (options, value) => options with { MinimumSilence = TimeSpan.FromMilliseconds(value) })
        .Whole("vad_speech_pad_ms", 0, 10_000, (options, value) => options with { Padding = TimeSpan.FromMilliseconds(value) })
        .Number("vad_max_speech_duration_s", 1, 30, (options, value) => options with { MaximumLength = TimeSpan.FromSeconds(value) });

    static readonly FieldGroup<TranscribeOptions> Drops = new FieldGroup<TranscribeOptions>()
        .Flag("drop_invented", (options, value) => options with { DropInvented = value });

    public static IEnumerable<FormField> Fields => [.. Switch.Fields, .. Detection.Fields, .. Drops.Fields];

    /// <summary>A field that tunes detection asks for it; only vad_filter=false says no.</summary>
    public static TranscribeOptions Read(FieldValues form, TranscribeOptions options)
    {
        var detection = Detection.Read(form, new SpeechDetectionOptions());
        var isOn = Switch.Read(form, Detection.IsAnyGiven(form));
        return Drops.Read(form, options with { SpeechDetection = isOn ? detection : null });
    }
}
