using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using TranscriptionApi.Outbound;

namespace TranscriptionApi.Tests.Outbound;

/// <summary>127.0.0.1 stands for the public network here, 127.0.0.2 for a private one.</summary>
public sealed class GuardedHttpTests
{
    static readonly IPAddress Public = IPAddress.Parse("127.0.0.1");
    static readonly IPAddress Private = IPAddress.Parse("127.0.0.2");
    static readonly AddressRules Rules = new(allowPrivate: false, [new IPNetwork(Public, 32)]);

    [Fact]
    public async Task Name_that_leads_elsewhere_a_moment_later_is_connected_to_as_judged()
    {
        await using var site = await TestSite.StartAsync(CloseAsync, "http://0.0.0.0:0");
        var answers = new Queue<IPAddress>([Public, Private, Public]);
        var asked = 0;
        using var http = new GuardedHttp(Rules, (_, _) =>
        {
            asked++;
            return Task.FromResult<IPAddress[]>([answers.Dequeue()]);
        });
        var url = new Uri($"http://rebinding.example:{site.Port}/");

        Assert.Equal(HttpStatusCode.OK, await GetAsync(http, url));
        Assert.Equal(1, asked);
        await Assert.ThrowsAsync<AddressRefusedException>(() => GetAsync(http, url));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(http, url));
        Assert.Equal(["127.0.0.1", "127.0.0.1"], site.Requests.Select(request => request.At));
        Assert.All(site.Requests, request => Assert.Equal($"rebinding.example:{site.Port}", request.Host));
    }

    [Fact]
    public async Task Of_several_addresses_only_allowed_ones_are_connected_to()
    {
        await using var site = await TestSite.StartAsync(CloseAsync, "http://0.0.0.0:0");
        using var http = new GuardedHttp(Rules, (_, _) => Task.FromResult<IPAddress[]>([Private, IPAddress.Parse("10.0.0.1"), Public, Private]));

        Assert.Equal(HttpStatusCode.OK, await GetAsync(http, new Uri($"http://mixed.example:{site.Port}/")));
        Assert.Equal("127.0.0.1", Assert.Single(site.Requests).At);
    }

    [Fact]
    public async Task Address_that_fails_gives_way_to_the_next_one()
    {
        await using var site = await TestSite.StartAsync(CloseAsync);
        var rules = new AddressRules(allowPrivate: false, [new IPNetwork(Public, 32), new IPNetwork(Private, 32)]);
        using var http = new GuardedHttp(rules, (_, _) => Task.FromResult<IPAddress[]>([Private, Public]));

        Assert.Equal(HttpStatusCode.OK, await GetAsync(http, new Uri($"http://half.example:{site.Port}/")));
    }

    [Fact]
    public async Task No_allowed_address_is_told_from_no_address_and_from_no_listener()
    {
        IPAddress[] found = [Private, IPAddress.Parse("169.254.169.254"), IPAddress.IPv6Loopback];
        using var http = new GuardedHttp(Rules, (_, _) => Task.FromResult(found));
        await Assert.ThrowsAsync<AddressRefusedException>(() => GetAsync(http, new Uri("http://inside.example/")));

        found = [];
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(http, new Uri("http://nowhere.example/")));

        found = [Public];
        using var closed = new TcpListener(Public, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(http, new Uri($"http://closed.example:{port}/")));
    }

    [Fact]
    public async Task Refused_address_is_never_connected_to()
    {
        using var listener = new TcpListener(Private, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var http = new GuardedHttp(Rules, (_, _) => Task.FromResult<IPAddress[]>([Private]));

        await Assert.ThrowsAsync<AddressRefusedException>(() => GetAsync(http, new Uri($"http://127.0.0.2:{port}/")));
        await Assert.ThrowsAsync<AddressRefusedException>(() => GetAsync(http, new Uri($"https://inside.example:{port}/")));
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task Redirects_cookies_and_packed_bodies_come_back_as_they_are()
    {
        var cookies = new List<string>();
        await using var site = await TestSite.StartAsync(http =>
        {
            cookies.Add(http.Request.Headers.Cookie.ToString() + http.Request.Headers.AcceptEncoding + http.Request.Headers.TraceParent);
            http.Response.Headers.SetCookie = "a=b";
            http.Response.Headers.ContentEncoding = "gzip";
            http.Response.Redirect("/elsewhere");
            return http.Response.WriteAsync("no gzip");
        });
        using var http = new GuardedHttp(Rules, (_, _) => throw new InvalidOperationException("An address is not looked up."));
        using var activity = new System.Diagnostics.Activity("test").Start();

        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, site.At("/"));
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.Equal("no gzip", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(["", ""], cookies);
        Assert.All(site.Requests, request => Assert.Equal("/", request.Path));
    }

    [Fact]
    public async Task Unchecked_url_is_a_bug()
    {
        using var http = new GuardedHttp(Rules, (_, _) => Task.FromResult<IPAddress[]>([Public]));

        foreach (var url in new[] { "http://user@127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd" })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => GetAsync(http, new Uri(url)));
        }
    }

    static Task CloseAsync(HttpContext http)
    {
        http.Response.Headers.Connection = "close";
        return Task.CompletedTask;
    }

    static async Task<HttpStatusCode> GetAsync(GuardedHttp http, Uri url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
