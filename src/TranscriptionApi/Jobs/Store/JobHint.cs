namespace TranscriptionApi.Jobs.Store;

/// <summary>What is told after a commit, in this process and to others.</summary>
/// <param name="Id">A job that changed; null when only the queue has more.</param>
/// <param name="IsQueued">A job waits for a worker.</param>
/// <param name="HasWebhook">A webhook waits for delivery.</param>
readonly record struct JobHint(string? Id, bool IsQueued, bool HasWebhook)
{
    public static JobHint Parse(string text)
    {
        var words = text.Split(' ');
        return new JobHint(words[0] == "-" ? null : words[0], words.Contains("queued"), words.Contains("webhook"));
    }

    public void Raise(JobSignals signals)
    {
        if (Id is not null)
        {
            signals.Changed(Id);
        }

        if (IsQueued)
        {
            signals.Queued();
        }

        if (HasWebhook)
        {
            signals.OutboxFilled();
        }
    }

    public override string ToString() => $"{Id ?? "-"}{(IsQueued ? " queued" : "")}{(HasWebhook ? " webhook" : "")}";
}
