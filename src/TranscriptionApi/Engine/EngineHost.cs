using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using SpeechEngine;
using SpeechEngine.Kernels;
using TranscriptionApi.Catalog;

namespace TranscriptionApi.Engine;

/// <summary>Loads a model's file; tests put a scripted engine here.</summary>
delegate ISpeechToText LoadModel(CatalogModel model);

/// <summary>How far the default model is.</summary>
enum Readiness
{
    Loading,
    Ready,
    Failed,
    NoModel,
}

/// <summary>A model's file could not be loaded; the log says why.</summary>
sealed class ModelLoadException(string model, Exception cause) : Exception($"The model {model} could not be loaded.", cause)
{
    public string Model { get; } = model;
}

/// <summary>The right to use an engine; its weights stay in memory until this is disposed.</summary>
sealed class EngineUse(ISpeechToText engine, Action end) : IDisposable
{
    int _ended;

    public ISpeechToText Engine { get; } = engine;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            end();
        }
    }
}

static class EngineStart
{
    public static void AddEngine(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<EngineOptions, EngineOptionsValidator>().BindConfiguration(EngineOptions.Section);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LoadModel>(services =>
        {
            var settings = services.GetRequiredService<IOptions<EngineOptions>>().Value.Settings();
            return model => SpeechToText.Load(model.Path, settings);
        });
        builder.Services.AddSingleton<EngineHost>();
    }
}

/// <summary>
/// The models in memory: the default one is loaded at start, in the background; others when first asked for,
/// once even when two requests ask at the same moment. A model that failed to load is tried again at the next request.
/// </summary>
sealed partial class EngineHost(ModelCatalog catalog, LoadModel load, ILogger<EngineHost> logger) : BackgroundService
{
    readonly ConcurrentDictionary<string, Lazy<Task<ISpeechToText>>> _engines = new(StringComparer.Ordinal);
    volatile Readiness _readiness = Readiness.Loading;
    int _uses;

    public Readiness Readiness => _readiness;

    /// <summary>How many are using an engine now.</summary>
    public int Uses => Volatile.Read(ref _uses);

    /// <summary>The model's engine, for as long as the use is not disposed; waits while it is being loaded.</summary>
    public async Task<EngineUse> UseAsync(CatalogModel model, CancellationToken cancellation)
    {
        var engine = await GetAsync(model, cancellation);
        Interlocked.Increment(ref _uses);
        return new EngineUse(engine, () => Interlocked.Decrement(ref _uses));
    }

    public override void Dispose()
    {
        base.Dispose();

        // Freeing the weights under a running transcription would crash; the process is about to end anyway.
        if (Uses > 0)
        {
            return;
        }

        foreach (var engine in _engines.Values.Where(engine => engine is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }))
        {
            (engine.Value.Result as IDisposable)?.Dispose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (catalog.Default is not { } model)
        {
            _readiness = Readiness.NoModel;
            LogNoModel();
            return;
        }

        try
        {
            await GetAsync(model, stoppingToken);
        }
        catch (Exception error) when (error is ModelLoadException or OperationCanceledException)
        {
            // A failure is logged and noted by Load, and the next request tries again; a stopping server needs no model.
        }
    }

    async Task<ISpeechToText> GetAsync(CatalogModel model, CancellationToken cancellation)
    {
        var engine = _engines.GetOrAdd(model.Id, _ => new Lazy<Task<ISpeechToText>>(() => Task.Run(() => Load(model), CancellationToken.None)));
        try
        {
            return await engine.Value.WaitAsync(cancellation);
        }
        catch (Exception error) when (engine.Value.IsFaulted)
        {
            _engines.TryRemove(KeyValuePair.Create(model.Id, engine));
            throw new ModelLoadException(model.Id, error);
        }
    }

    ISpeechToText Load(CatalogModel model)
    {
        try
        {
            var engine = load(model);
            Note(model, Readiness.Ready);
            LogLoaded(model.Id, Simd.Width);
            return engine;
        }
        catch (Exception error)
        {
            Note(model, Readiness.Failed);
            LogFailed(error, model.Id);
            throw;
        }
    }

    void Note(CatalogModel model, Readiness readiness)
    {
        if (model.Id == catalog.Default?.Id)
        {
            _readiness = readiness;
        }
    }

    [LoggerMessage(LogLevel.Information, "Model {Model} is loaded; kernels use {Simd}.")]
    partial void LogLoaded(string model, SimdWidth simd);

    [LoggerMessage(LogLevel.Error, "Model {Model} could not be loaded.")]
    partial void LogFailed(Exception error, string model);

    [LoggerMessage(LogLevel.Warning, "The default model is not installed: only other models can be asked for.")]
    partial void LogNoModel();
}
