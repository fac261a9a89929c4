using Microsoft.AspNetCore.Mvc.Testing;

namespace TranscriptionApi.Tests;

public sealed class StartTests
{
    [Fact]
    public void The_service_starts()
    {
        using var app = new WebApplicationFactory<Program>();
        using var client = app.CreateClient();
        Assert.NotNull(client.BaseAddress);
    }
}
