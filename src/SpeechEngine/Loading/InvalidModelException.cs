namespace SpeechEngine.Loading;

/// <summary>A model file cannot be used; the message says what is wrong and where in the file.</summary>
public sealed class InvalidModelException : Exception
{
    /// <summary>Creates the exception with what is wrong and where.</summary>
    public InvalidModelException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with the reading error behind it.</summary>
    public InvalidModelException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
