using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using SpeechEngine;
using SpeechEngine.Kernels;
using TranscriptionApi.Catalog;
using TranscriptionApi.Errors;
using TranscriptionApi.Metrics;

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
        builder.Services.AddSingleton<EngineQueue>();
        builder.Services.AddSingleton<ReadQueueFigures>(services => _ => Task.FromResult(services.GetRequiredService<EngineQueue>().Figures()));
        builder.Services.AddSingleton<EngineHost>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EngineHost>());
    }
}

/// <summary>
/// The models in memory: the default one is loaded at start, in the background; others when first asked for,
/// once even when two requests ask at the same moment. A model that failed to load is tried again at the next request.
/// </summary>
sealed partial class EngineHost(ModelCatalog catalog, LoadModel load, EngineQueue queue, ILogger<EngineHost> logger) : BackgroundService
{
    readonly ConcurrentDictionary<string, Lazy<Task<ISpeechToText>>> _engines = new(StringComparer.Ordinal);
    volatile Readiness _readiness = Readiness.Loading;

    public Readiness Readiness => _readiness;

    /// <summary>The model's engine; waits while it is being loaded.</summary>
    public async Task<ISpeechToText> GetAsync(CatalogModel model, CancellationToken cancellation)
    {
        var engine = _engines.GetOrAdd(model.Id, _ => new Lazy<Task<ISpeechToText>>(() => Task.Run(() => Load(model), CancellationToken.None)));
        try
        {
            return await engine.Value.WaitAsync(cancellation);
        }
        catch (Exception) when (engine.Value.IsFaulted)
        {
            _engines.TryRemove(KeyValuePair.Create(model.Id, engine));
            throw ApiErrors.ModelFailed(model.Id);
        }
    }

    public override void Dispose()
    {
        base.Dispose();

        // Freeing the weights under a running transcription would crash; the process is about to end anyway.
        if (queue.Running > 0)
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
        catch (Exception error) when (error is ApiException or OperationCanceledException)
        {
            // A failure is logged and noted by Load, and the next request tries again; a stopping server needs no model.
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
