using TranscriptionApi.Catalog;

if (args is ["models", ..])
{
    return await ModelCommands.RunAsync(args);
}

var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
app.Run();
return 0;
