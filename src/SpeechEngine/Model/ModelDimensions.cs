namespace SpeechEngine.Model;

/// <summary>The ten numbers that shape a Whisper network, in the order of the file's header.</summary>
public sealed record ModelDimensions
{
    /// <summary>Frames of 10 ms in one window: 30 seconds.</summary>
    public const int WindowFrames = 3000;

    /// <summary>Tokens known to the decoder, special ones included.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Positions of the encoder: one per 20 ms of a window.</summary>
    public required int AudioContext { get; init; }

    /// <summary>Width of the encoder.</summary>
    public required int AudioState { get; init; }

    /// <summary>Attention heads of the encoder.</summary>
    public required int AudioHeads { get; init; }

    /// <summary>Layers of the encoder.</summary>
    public required int AudioLayers { get; init; }

    /// <summary>Positions of the decoder.</summary>
    public required int TextContext { get; init; }

    /// <summary>Width of the decoder, equal to <see cref="AudioState"/>.</summary>
    public required int TextState { get; init; }

    /// <summary>Attention heads of the decoder.</summary>
    public required int TextHeads { get; init; }

    /// <summary>Layers of the decoder.</summary>
    public required int TextLayers { get; init; }

    /// <summary>Bands of the log-mel spectrogram.</summary>
    public required int Mels { get; init; }

    /// <summary>Width of one attention head of the encoder.</summary>
    public int AudioHeadSize => AudioState / AudioHeads;

    /// <summary>Width of one attention head of the decoder.</summary>
    public int TextHeadSize => TextState / TextHeads;

    /// <summary>Size name of the official model with as many encoder layers.</summary>
    public string Size => AudioLayers switch
    {
        4 => "tiny",
        6 => "base",
        12 => "small",
        24 => "medium",
        32 => "large",
        _ => "custom",
    };
}
