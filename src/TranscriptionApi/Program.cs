using TranscriptionApi.AudioUrls;
using TranscriptionApi.Catalog;
using TranscriptionApi.Commands;
using TranscriptionApi.Commands.Watch;
using TranscriptionApi.Docs;
using TranscriptionApi.Engine;
using TranscriptionApi.Errors;
using TranscriptionApi.Health;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Routes;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Metrics;
using TranscriptionApi.Outbound;
using TranscriptionApi.Requests;
using TranscriptionApi.Security;
using TranscriptionApi.Settings;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Uploads;
using TranscriptionApi.Webhooks;

switch (args)
{
    case ["models", ..]:
        return await ModelCommands.RunAsync(args);
    case ["quantize", ..]:
        return await QuantizeCommand.RunAsync(args);
    case ["transcribe", ..]:
        return await TranscribeCommand.RunAsync(args);
    case ["watch", ..]:
        return await WatchCommand.RunAsync(args);
    case ["--help" or "-h", ..]:
        Console.WriteLine(Arguments.Usage);
        return 0;
}

try
{
    // The same program with or without the web server.
    var isWorker = args is ["worker", ..];
    if (isWorker)
    {
        args = args[1..];
    }

    // appsettings.json lies beside the program, whatever the working directory is.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    builder.RefuseUnknownSettings(args); // Settings/    a misspelt setting stops the start
    if (isWorker)
    {
        builder.OnlyWork();          // Jobs/Work/       the "worker" verb
    }
    else
    {
        builder.AddListening();      // Requests/        where to listen, and the limits of a connection
    }

    builder.AddRequestLog();         // Requests/        one line and one id per request
    builder.AddMetrics();            // Metrics/         numbers and traces for those who watch it
    builder.AddApiErrors();          // Errors/          every failure leaves in OpenAI's shape
    builder.AddApiKeys();            // Security/        who may ask
    builder.AddUploads();            // Uploads/         multipart bodies, spooled to disk
    builder.AddOutbound();           // Outbound/        which addresses may be connected to
    builder.AddAudioUrls();          // AudioUrls/       audio fetched instead of uploaded
    builder.AddModels();             // Catalog/         which models are here
    builder.AddJobs();               // Jobs/            the durable queue
    builder.AddWebhooks();           // Webhooks/        the end of a job, told to a URL
    builder.AddEngine();             // Engine/          models in memory
    builder.AddHealth();             // Health/          whether work can be accepted
    builder.AddTranscriptions();     // Transcriptions/  speech to text

    var app = builder.Build();
    app.CheckSettings();
    if (!isWorker)
    {
        app.TakeDataFolder();        // Jobs/Work/       one server for each data folder
    }

    app.UseRequestLog();
    app.UseApiErrors();
    app.UseDocs();
    app.UseApiKeys();

    app.MapTranscriptions();
    app.MapJobs();
    app.MapModels();
    app.MapHealth();
    app.MapMetrics();
    app.MapDocs();

    await app.RunOrStopAsync();
    return 0;
}
catch (Exception error) when (StartError.IsExpected(error))
{
    return StartError.Print(error);
}
