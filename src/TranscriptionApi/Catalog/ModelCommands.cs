namespace TranscriptionApi.Catalog;

/// <summary>The command verbs "models ...".</summary>
static class ModelCommands
{
    public static Task<int> RunAsync(string[] args) => Task.FromResult(args.Length == 0 ? 0 : 1);
}
